import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const NEST = ['common', 'core', 'platform-express'];
const nest = (major) => [...NEST.map((name) => `@nestjs/${name}@${major}`), 'reflect-metadata', 'rxjs'];

function npm(cwd, ...args) {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, path, name }) => sum + lstatSync(join(parentPath ?? path, name)).size, 0);
}

function contents(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  return { packages: Object.keys(packages).length, bytes: bytesIn(join(folder, 'node_modules')) };
}

/** What comes with the packages that an app of that Nest has not got. */
function install(folder, major, packages) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  npm(folder, 'install', ...nest(major));
  const before = contents(folder);
  npm(folder, 'install', ...packages);
  const after = contents(folder);
  return [String(after.packages - before.packages), ((after.bytes - before.bytes) / 1e6).toFixed(1)];
}

export async function footprints() {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-footprint-'));
  const inFolder = (name, major, packages) => {
    const folder = mkdtempSync(join(scratch, 'app-'));
    return [name, ...install(folder, major, packages)];
  };
  try {
    npm(root, 'pack', '--ignore-scripts', '--pack-destination', scratch);
    const tarball = join(
      scratch,
      readdirSync(scratch).find((file) => file.endsWith('.tgz')),
    );
    return [
      inFolder('nestjs-scalekit-webhooks', 12, [tarball]),
      inFolder('@golevelup/nestjs-stripe, stripe', 11, ['@golevelup/nestjs-stripe', 'stripe@20']),
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
