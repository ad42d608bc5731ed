import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPLAY = fileURLToPath(new URL('replay.lua', import.meta.url));
const CONNECTIONS = 50;

/** More than are sent beyond the last wanted one before wrk has stopped. */
export const SPARE = 4 * CONNECTIONS;

/** wrk, from the PATH or, on a Debian of our own, from its packages. */
export function requireWrk() {
  try {
    execFileSync('wrk', ['--version'], { stdio: 'ignore' });
  } catch (error) {
    if (error.code !== 'ENOENT') {
      return; // It is there: it ends with 1 whenever it prints its version.
    }
    if (process.getuid?.() !== 0) {
      throw new Error('This benchmark needs wrk on the PATH: apt-get install wrk, or brew install wrk.');
    }
    console.log('wrk is missing: apt-get update && apt-get install wrk');
    for (const step of [['update'], ['install', '-y', '--no-install-recommends', 'wrk']]) {
      execFileSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...step], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }
  }
}

/**
 * Sends requests over kept-alive connections, each once.
 *
 * @returns what wrk saw, latencies in milliseconds
 */
export async function send(port, { file, length }, first, count) {
  const url = `http://127.0.0.1:${port}/`;
  const args = [
    '-t1',
    `-c${CONNECTIONS}`,
    '-d120s',
    '--timeout',
    '10s',
    '-s',
    REPLAY,
    url,
    '--',
    file,
    length,
    first,
    count,
  ];
  const { stdout } = await promisify(execFile)('wrk', args.map(String));
  const [, result] = /^RESULT (.*)$/m.exec(stdout) ?? [];
  if (result === undefined) {
    throw new Error(`wrk said nothing of use: ${stdout}`);
  }
  return JSON.parse(result);
}
