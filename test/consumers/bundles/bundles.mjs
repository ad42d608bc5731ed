// Bundles an application with each entry of the library, by esbuild and by webpack in production mode, as CommonJS and
// as an ES module, with no optional peer within reach but those that the entry is for; then runs it where there are no
// packages at all. Usage: node bundles.mjs <folder with all peers installed> <folder for the bundles>
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { BUNDLERS, folderOf } from './bundlers.mjs';

const [, , installed] = process.argv;
const ENTRIES = {
  main: { holdsNest: true, code: `const setUp = () => ({});` },
  testing: {
    code: `import { scalekitEvent } from 'nestjs-scalekit-webhooks/testing';
      const setUp = () => ({ event: { data: scalekitEvent('organization.directory.user_created').data } });`,
  },
  dto: {
    holdsNest: true, // Its ValidationPipe loads class-validator.
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

function run(file) {
  const output = execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 120_000 });
  const { answers, handled } = JSON.parse(output.trim().split('\n').at(-1));
  const forged = '401 {"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}';
  const [first, second, third] = answers;
  if (first !== '200 OK' || !/^200 Already /.test(second) || third !== forged || handled.length !== 1) {
    throw new Error(`It answered ${JSON.stringify(answers)} and handled ${handled.length} events.`);
  }
}

const app = readFileSync('app.mjs', 'utf8');
for (const [entry, { code, peers = [], holdsNest = false }] of Object.entries(ENTRIES)) {
  const folder = folderOf(entry, installed, peers);
  for (const [format, extension] of [
    ['cjs', 'cjs'],
    ['esm', 'mjs'],
  ]) {
    const source = join(process.cwd(), `${entry}.${extension}`);
    // CommonJS source takes the library's CommonJS half.
    writeFileSync(source, format === 'esm' ? code + app : transformSync(code + app, { format }).code);
    for (const [bundler, bundle] of Object.entries(BUNDLERS)) {
      const file = join(process.cwd(), 'out', `${bundler}-${entry}.${extension}`);
      try {
        await bundle({ source, file, format, peers: folder, holdsNest });
        run(file);
        console.log(`passed  ${entry} by ${bundler} as ${format}`);
      } catch (error) {
        process.exitCode = 1;
        console.log(`FAILED  ${entry} by ${bundler} as ${format}: ${error.message.slice(0, 1_500)}`);
      }
    }
  }
}
