// Packs the library, installs the tarball in small real apps and runs their tests: the proof behind the peer ranges.
// Usage: node test/consumers/run.mjs [path to another node binary ...]
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'consumers-'));
const nodes = [process.execPath, ...process.argv.slice(2)];
const results = [];

function npm(cwd, ...args) {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function run(name, cwd, node, script, env = {}) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
  const { status } = spawnSync('npm', ['run', '--silent', script], {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...env, PATH: path, NODE_OPTIONS: '' },
  });
  results.push({ name, passed: status === 0 });
}

/** The installed command, by the names and links that npm made of "bin". */
function runCommand(name, cwd, node, command) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
  const { status, stdout } = spawnSync('npx', ['--no', '--', command, 'events', 'session.*', '--json'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: path, NODE_OPTIONS: '' },
  });
  results.push({ name, passed: status === 0 && JSON.parse(stdout).length === 2 });
}

try {
  npm(root, 'pack', '--pack-destination', scratch);
  const tarball = readdirSync(scratch).find((file) => file.endsWith('.tgz'));
  for (const consumer of ['nest11-jest', 'nest12-vitest']) {
    const app = join(scratch, consumer);
    cpSync(join(here, consumer), app, { recursive: true });
    cpSync(join(here, 'shared'), join(app, 'src'), { recursive: true });
    npm(app, 'install', join(scratch, tarball));
    run(`${consumer}: types`, app, process.execPath, 'build');
    for (const node of nodes) {
      const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
      for (const platform of ['express', 'fastify']) {
        run(`${consumer}: ${platform}, Node ${version}`, app, node, 'test', { PLATFORM: platform });
      }
      for (const command of ['nestjs-scalekit-webhooks', 'scalekit-webhooks']) {
        runCommand(`${consumer}: ${command}, Node ${version}`, app, node, command);
      }
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const { name, passed } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name}`);
}
const failed = results.filter(({ passed }) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
