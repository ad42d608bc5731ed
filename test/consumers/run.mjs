// Packs the library, installs the tarball in small real apps and runs their tests: the proof behind the peer ranges.
// Usage: node test/consumers/run.mjs [--only nest|first|docs|bundles|engines|agents] [path to another node binary ...]
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { importTypeScript } from '../bench/harness/import-typescript.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'consumers-'));
const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const nodes = [process.execPath, ...positionals];
const results = [];

/** What it prints comes when it is over: other parts run beside it. */
async function execute(cwd, command, args, { node = process.execPath, env = {} } = {}) {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...env,
      PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
      NODE_OPTIONS: '',
    },
  });
  let [stdout, output] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const [status] = await once(child, 'close');
  return { status, stdout, output };
}

async function npm(cwd, ...args) {
  const options = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  const { status, output } = await execute(cwd, 'npm', [...args, ...options]);
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status} in ${cwd}.\n${output}`);
}

async function run(name, cwd, command, args, options) {
  const began = performance.now();
  const { status, output } = await execute(cwd, command, args, options);
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`== ${name}\n${output}`);
  results.push({ name: `${name} (${seconds} s)`, passed: status === 0 });
}

/** The installed command, by the names and links that npm made of "bin". */
async function runCommand(name, cwd, node, command) {
  const args = ['--no', '--', command, 'events', 'session.*', '--json'];
  const { status, stdout } = await execute(cwd, 'npx', args, { node });
  results.push({ name, passed: status === 0 && JSON.parse(stdout).length === 2 });
}

/** Copies a consumer and installs it with the tarball. */
async function install(consumer, ...more) {
  const app = join(scratch, consumer);
  cpSync(join(here, consumer), app, { recursive: true });
  for (const folder of more) cpSync(join(here, folder), app, { recursive: true });
  await npm(app, 'install', tarball);
  return app;
}

/** Types, tests and command on a major of Nest, on both platforms and every Node. */
async function nest(consumer) {
  const app = await install(consumer);
  cpSync(join(here, 'shared'), join(app, 'src'), { recursive: true });
  await run(`${consumer}: types`, app, 'npm', ['run', '--silent', 'build']);
  for (const node of nodes) {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    for (const platform of ['express', 'fastify']) {
      await run(`${consumer}: ${platform}, Node ${version}`, app, 'npm', ['run', '--silent', 'test'], {
        node,
        env: { PLATFORM: platform },
      });
    }
    for (const command of ['nestjs-scalekit-webhooks', 'scalekit-webhooks']) {
      await runCommand(`${consumer}: ${command}, Node ${version}`, app, node, command);
    }
  }
}

/** From an empty folder to the first event and the first test; on the newest Node, which all templates of Nest support. */
async function firstHour(app) {
  const script = join(here, 'first-hour', 'first-hour.mjs');
  await run(`first hour: ${app}`, root, nodes.at(-1), [script, tarball, app], { node: nodes.at(-1) });
}

/** The oldest or the newest version of each client and queue of the peer ranges. */
async function engines(end, env) {
  const app = await installed(end);
  cpSync(join(here, 'engines', 'engines.mjs'), join(app, 'engines.mjs'));
  await run(`${end} engines`, app, process.execPath, ['engines.mjs'], { env });
}

/** Under each monitoring agent that supports the version of Nest. */
async function agents(nest) {
  const app = await install(`agents/${nest}`);
  for (const file of ['agents.mjs', 'app.cjs', 'sentry.cjs']) {
    cpSync(join(here, 'agents', file), join(app, file));
  }
  await run(`agents on ${nest}`, app, process.execPath, ['agents.mjs']);
}

/** Every entry in a bundle, and two minified builds on one store. */
async function bundles(env) {
  const app = await install('bundles');
  const peers = await installed('newest');
  for (const script of ['bundles.mjs', 'builds.mjs']) {
    await run(script, app, process.execPath, [script, peers], { env });
  }
}

/** The property test over settings on Nest 11 and the oldest engines; its imports of `lib/` are the tarball's. */
async function settings(env) {
  const app = await installed('oldest');
  const copy = (path) => cpSync(join(root, path), join(app, path), { recursive: true });
  ['test/support', 'test/e2e/settings.test.ts', 'tsconfig.json'].forEach(copy);
  const entries = { '': '', 'adapters/redis': '/redis', 'adapters/postgres': '/postgres' };
  for (const [folder, entry] of Object.entries({
    ...entries,
    'adapters/bullmq': '/bullmq',
    'adapters/pg-boss': '/pg-boss',
  })) {
    mkdirSync(join(app, 'lib', folder), { recursive: true });
    writeFileSync(
      join(app, 'lib', folder, 'index.ts'),
      `export * from 'nestjs-scalekit-webhooks${entry}';\n`,
    );
  }
  const test = ['vitest', 'run', 'test/e2e/settings.test.ts'];
  await run('settings on Nest 11', app, 'npx', test, { env: { SETTINGS_COUNT: '100', ...env } });
}

/** Every block of README.md and docs/ on a major of Nest. */
async function documents(project) {
  const args = [join(here, 'docs', 'run.mjs'), project, tarball];
  await run(`documents on ${project}`, root, process.execPath, args);
}

const installs = new Map();
const installed = (end) => {
  if (!installs.has(end)) installs.set(end, install(`engines/${end}`));
  return installs.get(end);
};

let tarball;
const servers = [];
try {
  await npm(root, 'pack', '--pack-destination', scratch);
  tarball = join(
    scratch,
    readdirSync(scratch).find((file) => file.endsWith('.tgz')),
  );
  const support = (file) => importTypeScript(new URL(`../support/${file}.ts`, import.meta.url));
  const { RedisServer } = await support('redis-server');
  const { PostgresServer } = await support('postgres-server');
  servers.push(await RedisServer.start(), await PostgresServer.start({ fsync: false }));
  /** A database for each: parts run side by side, with different versions of pg-boss. */
  const env = async () => ({ REDIS_URL: servers[0].url, DATABASE_URL: await servers[1].createDatabase() });
  const parts = {
    bundles: async () => bundles(await env()),
    'docs-esm': () => documents('nest12-esm'),
    nest11: () => nest('nest11-jest'),
    nest12: () => nest('nest12-vitest'),
    'docs-cjs': () => documents('nest11-cjs'),
    // One after the other: their queues on Redis have the same names.
    engines: async () => {
      await engines('oldest', await env());
      await settings(await env());
      await engines('newest', await env());
    },
    'first-nest11': () => firstHour('nest11-fastify'),
    'first-nest12': () => firstHour('nest12-express'),
    'first-commonjs': () => firstHour('nest12-commonjs'),
    agents11: () => agents('nest11'),
    agents12: () => agents('nest12'),
  };
  const waiting = Object.keys(parts).filter((part) => !values.only || part.startsWith(values.only));
  // As many at a time as there are cores.
  const worker = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) await parts[part]();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(scratch, { recursive: true, force: true });
}

for (const { name, passed } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name}`);
}
const failed = results.filter(({ passed }) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
