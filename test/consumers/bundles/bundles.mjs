// Bundles an application with each entry of the library, by esbuild and by webpack in production mode, as CommonJS and
// as an ES module, with no optional peer within reach but those that the entry is for; then runs it where there are no
// packages at all. Usage: node bundles.mjs <folder with all peers installed> <folder for the bundles>
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, transformSync } from 'esbuild';
import webpack from 'webpack';

const [, , installed] = process.argv;
const out = join(process.cwd(), 'out');
const ENTRIES = {
  '.': { code: `const setUp = () => ({});` },
  testing: {
    code: `import { scalekitEvent } from 'nestjs-scalekit-webhooks/testing';
      const setUp = () => ({ event: { data: scalekitEvent('organization.directory.user_created').data } });`,
  },
  dto: {
    peers: ['class-validator', 'class-transformer'],
    code: `import { ValidationPipe } from '@nestjs/common';
      import { DirectoryUserDto } from 'nestjs-scalekit-webhooks/dto';
      import { scalekitEvent } from 'nestjs-scalekit-webhooks/testing';
      const setUp = () => ({
        pipes: [new ValidationPipe({ transform: true, expectedType: DirectoryUserDto })],
        event: { data: scalekitEvent('organization.directory.user_created').data },
      });`,
  },
  redis: {
    peers: ['ioredis'],
    code: `import { Redis } from 'ioredis';
      import { RedisIdempotencyStore } from 'nestjs-scalekit-webhooks/redis';
      const setUp = () => {
        const client = new Redis(process.env.REDIS_URL);
        const store = new RedisIdempotencyStore({ client });
        return { options: { idempotency: { store } }, close: () => client.quit() };
      };`,
  },
  postgres: {
    peers: ['pg'],
    code: `import pg from 'pg';
      import { PostgresIdempotencyStore } from 'nestjs-scalekit-webhooks/postgres';
      const setUp = async () => {
        const client = new pg.Pool({ connectionString: process.env.DATABASE_URL });
        const store = new PostgresIdempotencyStore({ client });
        await store.migrate();
        return { options: { idempotency: { store } }, close: () => client.end() };
      };`,
  },
  bullmq: {
    peers: ['bullmq', 'ioredis'],
    code: `import { bullMqDispatcher } from 'nestjs-scalekit-webhooks/bullmq';
      const { hostname: host, port } = new URL(process.env.REDIS_URL);
      const connection = { host, port: Number(port) };
      const setUp = () => ({ options: { dispatcher: bullMqDispatcher({ connection }) } });`,
  },
  'pg-boss': {
    peers: ['pg-boss'],
    code: `import { pgBossDispatcher } from 'nestjs-scalekit-webhooks/pg-boss';
      const connectionString = process.env.DATABASE_URL;
      const setUp = () => ({ options: { dispatcher: pgBossDispatcher({ connectionString }) } });`,
  },
};

/** What other packages ask for and do without. The library gets no such help. */
function isTheirOptional(request, from, peers) {
  const isTheirs = /node_modules\/(?!nestjs-scalekit-webhooks\/)/.test(from);
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(request)?.[0] ?? '';
  return isTheirs && OPTIONAL.test(name) && ![peers, 'node_modules'].some((folder) => existsSync(join(folder, name)));
}
const OPTIONAL = /^(@nestjs\/(microservices|websockets)|@fastify\/.*|class-(transformer|validator)|pg-(native|cloudflare))$/;

async function byEsbuild(source, file, format, isExternal, peers) {
  const toExternal = ({ path, importer }) => (isExternal(path, importer) ? { path, external: true } : undefined);
  await build({
    entryPoints: [source],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    format,
    nodePaths: [peers],
    plugins: [{ name: 'externals', setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, toExternal) }],
    logLevel: 'silent',
    ...(format === 'esm' && {
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
  });
}

async function byWebpack(source, file, format, isExternal, peers) {
  const isModule = format === 'esm';
  const stats = await promisify(webpack)({
    mode: 'production',
    target: 'node20',
    entry: source,
    resolve: { modules: ['node_modules', peers], symlinks: true },
    experiments: { outputModule: isModule },
    output: { path: out, filename: file.slice(out.length + 1), library: { type: isModule ? 'module' : 'commonjs2' } },
    externals: ({ request, context }, done) =>
      isExternal(request, `${context}/`) ? done(null, `${isModule ? 'module' : 'commonjs'} ${request}`) : done(),
    performance: false,
  });
  if (stats.hasErrors()) {
    throw new Error(stats.toString({ all: false, errors: true }));
  }
}

/** Exactly these packages, for a bundler to find. */
function folderOf(entry, peers) {
  const folder = join(out, `peers-${entry === '.' ? 'main' : entry}`);
  mkdirSync(folder, { recursive: true });
  for (const peer of peers) symlinkSync(join(installed, 'node_modules', peer), join(folder, peer));
  return folder;
}

function run(file) {
  const output = execFileSync(process.execPath, [file], { cwd: out, encoding: 'utf8', timeout: 60_000 });
  const { answers, handled } = JSON.parse(output.trim().split('\n').at(-1));
  const forged = '401 {"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}';
  const [first, second, third] = answers;
  if (first !== '200 OK' || !/^200 Already /.test(second) || third !== forged || handled.length !== 1) {
    throw new Error(`It answered ${JSON.stringify(answers)} and handled ${handled.length} events.`);
  }
}

const app = readFileSync('app.mjs', 'utf8');
let failed = 0;
for (const [entry, { code, peers = [] }] of Object.entries(ENTRIES)) {
  const folder = folderOf(entry, peers);
  const isExternal = (request, from) =>
    isTheirOptional(request, from, folder) || (entry !== '.' && /^(@nestjs|rxjs|reflect-metadata)\b/.test(request));
  for (const format of ['cjs', 'esm']) {
    const extension = format === 'cjs' ? 'cjs' : 'mjs';
    const source = `app-${entry === '.' ? 'main' : entry}.${extension}`;
    // CommonJS source takes the library's CommonJS half.
    writeFileSync(source, format === 'esm' ? code + app : transformSync(code + app, { format }).code);
    for (const [bundler, bundle] of Object.entries({ esbuild: byEsbuild, webpack: byWebpack })) {
      const file = join(out, `${bundler}-${source}`);
      const name = `${entry} by ${bundler} as ${format}`;
      const began = performance.now();
      try {
        await bundle(join(process.cwd(), source), file, format, isExternal, folder);
        const bundled = performance.now();
        run(file);
        console.log(`passed  ${name} (${Math.round(bundled - began)} + ${Math.round(performance.now() - bundled)} ms)`);
      } catch (error) {
        failed++;
        console.log(`FAILED  ${name}: ${error.message.slice(0, 1_500)}`);
      }
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1;
