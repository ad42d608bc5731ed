import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../rivals/', import.meta.url));
const lock = `${folder}package-lock.json`;
const installed = `${folder}node_modules/.installed-lock.json`;

/** Installs what the lock file names, unless it is there. */
export function installRivals() {
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) {
    return;
  }
  console.log('Installing what to compare with…');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
  });
  copyFileSync(lock, installed);
}
