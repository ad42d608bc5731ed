// Compiles every code block of README.md and docs/ as it stands, as CommonJS on Nest 11 or as ES modules on Nest 12, and
// there runs those that are applications, stores or handlers. A block that is a fragment says so: ```ts fragment.
// Usage: node test/consumers/docs/run.mjs nest12-esm|nest11-cjs <tarball>
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importTypeScript } from '../../bench/harness/import-typescript.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const { RedisServer } = await importTypeScript(new URL('../../support/redis-server.ts', import.meta.url));
const { PostgresServer } = await importTypeScript(
  new URL('../../support/postgres-server.ts', import.meta.url),
);

const SHARED = [
  '@electric-sql/pglite',
  '@mikro-orm/core@7',
  '@mikro-orm/postgresql@7',
  '@prisma/adapter-pg@7',
]
  .concat(['@prisma/client@7', '@types/node@20', '@types/pg', 'bullmq@6', 'drizzle-orm', 'ioredis', 'knex'])
  .concat(['kysely', 'pg', 'pg-boss@12', 'postgres', 'prisma@7', 'redis', 'reflect-metadata', 'rxjs'])
  .concat([
    'sequelize',
    'typeorm',
    'vitest@4',
    'class-validator',
    'class-transformer',
    '@nestjs/throttler',
    '@opentelemetry/api',
  ]);
const nest = (version, rest) =>
  ['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}@${version}`).concat(rest);

const PROJECTS = {
  'nest12-esm': {
    packages: nest(12, ['@nestjs/bullmq@12', '@nestjs/config@12', '@nestjs/typeorm@12', 'typescript@6']),
    type: 'module',
    compiler: { module: 'nodenext' },
    relative: '.js',
    runs: true,
  },
  'nest11-cjs': {
    packages: nest(11, ['@nestjs/bullmq@11', '@nestjs/config@4', '@nestjs/typeorm@11', 'typescript@5.9']),
    type: 'commonjs',
    compiler: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
    relative: '',
    runs: false,
  },
};

function npm(cwd, ...args) {
  const options = { cwd, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync(
    'npm',
    [...args, '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps', '--prefer-offline'],
    options,
  );
}

function* pages() {
  yield join(root, 'README.md');
  for (const file of readdirSync(join(root, 'docs'), { recursive: true })) {
    if (file.endsWith('.md')) {
      yield join(root, 'docs', file);
    }
  }
}

/** Each page is a folder of its own, so that its files may import each other. */
function writeBlocks(source, relative) {
  let count = 0;
  for (const page of pages()) {
    const folder = join(source, basename(page, '.md').toLowerCase());
    mkdirSync(folder, { recursive: true });
    const blocks = readFileSync(page, 'utf8').matchAll(
      /^```(?:ts|typescript)\n(?:\/\/ (\S+\.ts)\n)?([^]*?)^```$/gm,
    );
    for (const [, file = `block-${count + 1}.ts`, code] of blocks) {
      writeFileSync(
        join(folder, file),
        code.replace(/from '(\.[^']*?)(?:\.js)?';/g, `from '$1${relative}';`),
      );
      count++;
    }
  }
  return count;
}

const [, , project, tarball] = process.argv;
const { packages, type, compiler, relative, runs } = PROJECTS[project];
const folder = mkdtempSync(join(tmpdir(), 'docs-'));
const servers = [];
try {
  cpSync(join(here, 'given'), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  npm(folder, 'install', tarball, ...packages, ...SHARED);
  console.log(`${writeBlocks(join(folder, 'src'), relative)} blocks`);
  const compilerOptions = {
    ...{ target: 'ES2023', strict: true, experimentalDecorators: true, emitDecoratorMetadata: true },
    ...{ skipLibCheck: true, outDir: 'dist', rootDir: 'src', types: ['node', 'vitest/globals'] },
    ...compiler,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  // Prisma writes what this tsconfig.json can import.
  execFileSync('npx', ['--no', '--', 'prisma', 'generate'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    // `generate` asks for this engine, but does not use it: nothing is downloaded.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_MODULES: type },
  });
  const run = (command, args, env = process.env) =>
    spawnSync(command, args, { cwd: folder, stdio: 'inherit', env }).status === 0;
  let passed = run('npx', ['--no', '--', 'tsc', '-p', '.']);
  if (runs && passed) {
    const redis = await RedisServer.start();
    const postgres = await PostgresServer.start({ fsync: false });
    servers.push(redis, postgres);
    const tests = ['--test', '--test-reporter=spec', '--test-force-exit', 'blocks.test.mjs'];
    passed = run(process.execPath, tests, {
      ...process.env,
      NODE_ENV: 'development', // As the inspector's guide says.
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      DATABASE_URL: await postgres.createDatabase(),
      DATABASE_FOLDER: join(folder, 'pglite'),
      SCALEKIT_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    });
  }
  process.exitCode = passed ? 0 : 1;
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}
