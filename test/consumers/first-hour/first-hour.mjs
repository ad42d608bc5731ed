// The first hour of a new user, with a stopwatch: an empty folder, `nest new`, `nest add`, a first event, a first test.
// Usage: node test/consumers/first-hour/first-hour.mjs TARBALL [APP ...]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const NEST_NEW = (version, ...flags) =>
  [
    'npx -y',
    `@nestjs/cli@${version}`,
    'new app --package-manager npm --skip-git --skip-install',
    ...flags,
  ].join(' ');
/** `nest new` asks for this template on a terminal only. */
const COMMONJS = [
  'npx -y -p @nestjs/schematics@12 -p @angular-devkit/schematics-cli@22 schematics @nestjs/schematics:application',
  '--name=app --type=cjs --language=ts',
].join(' ');
const FASTIFY = (version) => `npm i @nestjs/platform-fastify@${version}`;
const APPS = {
  'nest11-express': { create: NEST_NEW(11) },
  'nest11-fastify': { create: NEST_NEW(11, '--strict'), fastify: FASTIFY(11) },
  'nest12-express': { create: NEST_NEW(12) },
  'nest12-fastify': { create: NEST_NEW(12), fastify: FASTIFY(12) },
  // Its Jest loads ES modules on these versions of Node only.
  'nest12-commonjs': { create: COMMONJS, needs: 24 },
};
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const [tarball, ...chosen] = process.argv.slice(2);
const quiet = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_loglevel: 'error' };
const env = { ...process.env, ...quiet, npm_config_prefer_offline: 'true', CI: '1', NODE_OPTIONS: '' };

/** Runs a command in a shell, prints it with its seconds, and gives what it wrote. */
async function sh(cwd, command, { isPrinted = true } = {}) {
  const began = performance.now();
  const child = spawn(command, { cwd, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`"${command}" ended with ${code}:\n${output}`);
  if (isPrinted) print(performance.now() - began, command);
  return output;
}

const print = (ms, text) => console.log(`${(ms / 1_000).toFixed(1).padStart(7)} s  ${text}`);

/** Starts the application, waits until it listens, and ends it with all its processes when `work` is done. */
async function started(cwd, work) {
  const began = performance.now();
  const child = spawn('npm', ['start'], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, ended, look] = ['', false, () => undefined];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more) => ((text += more), look()));
  }
  const closed = once(child, 'close').then(() => ((ended = true), look()));
  const until = (pattern) =>
    new Promise((resolve, reject) => {
      look = () => {
        if (pattern.test(text)) resolve();
        else if (ended) reject(new Error(`The application ended:\n${text}`));
      };
      look();
    });
  try {
    await until(/successfully started/);
    print(performance.now() - began, 'npm start');
    await work(until);
  } finally {
    if (!ended) process.kill(-child.pid, 'SIGTERM');
    await closed;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Every file of the project with a digest of its bytes. */
function filesOf(app) {
  const files = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.startsWith(join(app, 'node_modules')) && !path.startsWith(join(app, 'dist')));
  return Object.fromEntries(
    files.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

function useFastify(app) {
  const main = join(app, 'src', 'main.ts');
  const text = readFileSync(main, 'utf8').replace(
    'create(AppModule)',
    'create(AppModule, new FastifyAdapter())',
  );
  writeFileSync(main, `import { FastifyAdapter } from '@nestjs/platform-fastify';\n${text}`);
}

/** The template's own linter on what was written; none of its rules may even warn. */
async function lint(app) {
  const { devDependencies } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  const files = 'src/app.module.ts src/user-sync.ts src/user-sync.spec.ts';
  const oxlint = `npx --no -- oxlint --type-aware --deny-warnings ${files}`;
  await sh(app, 'oxlint' in devDependencies ? oxlint : `npx --no -- eslint --max-warnings 0 ${files}`);
}

async function firstHour(scratch, { create, fastify }) {
  const began = performance.now();
  const app = join(scratch, 'app');
  await sh(scratch, create);
  await sh(app, 'npm i');
  if (fastify) {
    await sh(app, fastify);
    useFastify(app);
  }
  // `nest add` in two steps, as the package comes from a file and not from the registry.
  await sh(app, `npm i ${resolve(tarball)}`);
  await sh(app, 'npx nest add nestjs-scalekit-webhooks --skip-install');
  appendFileSync(join(app, '.env'), `SCALEKIT_WEBHOOK_SECRET=${SECRET}\nPORT=${await freePort()}\n`);
  await started(app, async (until) => {
    const answer = await sh(app, 'npx scalekit-webhooks send organization.directory.user_created');
    for (const expected of ['200 OK', 'Secret: SCALEKIT_WEBHOOK_SECRET in .env']) {
      if (!answer.includes(expected)) throw new Error(`The command does not print "${expected}":\n${answer}`);
    }
    await until(/UserSync\W.*save /);
  });
  print(performance.now() - began, '= first event handled');
  await sh(app, 'npm test');
  print(performance.now() - began, '= first test green');

  await sh(app, 'npm run build');
  await lint(app);
  const before = filesOf(app);
  await sh(app, 'npx nest add nestjs-scalekit-webhooks --skip-install');
  if (!isDeepStrictEqual(filesOf(app), before))
    throw new Error('nest add changed something the second time.');
}

for (const name of chosen.length > 0 ? chosen : Object.keys(APPS)) {
  const { needs = 0, ...app } = APPS[name];
  if (parseInt(process.versions.node) < needs) {
    console.log(`${name} needs Node ${needs}.`);
    continue;
  }
  console.log(`${name}, Node ${process.version}`);
  const scratch = mkdtempSync(join(tmpdir(), 'first-hour-'));
  try {
    await firstHour(scratch, app);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
