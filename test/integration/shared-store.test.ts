import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anyPostgres } from '../support/postgres-server.js';
import { anyRedis } from '../support/redis-server.js';

const ROOT = new URL('../../', import.meta.url);
const DIST = (path: string) => JSON.stringify(new URL(`dist/esm/${path}`, ROOT).href);
const PACKAGE = (name: string) => JSON.stringify(import.meta.resolve(name));

/** A service as people have it: a folder with its own package.json, a script, and handlers by name. */
const script = (store: string, handlers: readonly string[]) => `
import ${PACKAGE('reflect-metadata')};
import { Module } from ${PACKAGE('@nestjs/common')};
import { NestFactory } from ${PACKAGE('@nestjs/core')};
import { OnScalekitEvent, ScalekitWebhookModule } from ${DIST('index.js')};
${store}
class Sync {}
for (const name of process.env.HANDLERS?.split(',') ?? ${JSON.stringify(handlers)}) {
  Sync.prototype[name] = () => undefined;
  OnScalekitEvent('user.created')(Sync.prototype, name, Object.getOwnPropertyDescriptor(Sync.prototype, name));
}
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
class App {}
Module({ imports: [ScalekitWebhookModule.forRoot({ secret, idempotency: { store } })], providers: [Sync] })(App);
try {
  const app = await NestFactory.create(App, { abortOnError: false });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log('started');
} catch (error) {
  console.log('refused: ' + error.message);
  process.exit(1);
}
`;

const STORES: Record<string, (url: string) => string> = {
  Redis: (url) => `
import { Redis } from ${PACKAGE('ioredis')};
import { RedisIdempotencyStore } from ${DIST('adapters/redis/index.js')};
const store = new RedisIdempotencyStore({ client: new Redis(${JSON.stringify(url)}) });`,
  PostgreSQL: (url) => `
import pg from ${PACKAGE('pg')};
import { PostgresIdempotencyStore } from ${DIST('adapters/postgres/index.js')};
const store = new PostgresIdempotencyStore({ client: new pg.Pool({ connectionString: ${JSON.stringify(url)} }) });
await store.migrate();`,
};

describe.each(Object.keys(STORES))('two services on one %s', (kind) => {
  let url: string;
  let stop: () => Promise<void>;
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'services-'));

  beforeAll(async () => {
    if (kind === 'Redis') {
      const server = await anyRedis();
      [url, stop] = [server.url, () => server.stop()];
    } else {
      const server = await anyPostgres({ fsync: false });
      [url, stop] = [await server.createDatabase(), () => server.stop()];
    }
  }, 180_000);

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await stop();
  }, 60_000);

  /** Starts a service, and tells what became of it. */
  async function start(
    name: string,
    handlers: readonly string[],
    file = 'main.js',
    isDeployed = false,
  ): Promise<{ line: string; log: string }> {
    const home = join(folder, name);
    if (!isDeployed) {
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, 'package.json'), JSON.stringify({ name, type: 'module' }));
      writeFileSync(join(home, file), script((STORES[kind] as (url: string) => string)(url), handlers));
    }
    const env = { ...process.env, ...(isDeployed && { HANDLERS: handlers.join(',') }) };
    const child = spawn(process.execPath, [file], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let log = '';
    child.stdout.on('data', (text: Buffer) => (log += text.toString()));
    child.stderr.on('data', (text: Buffer) => (log += text.toString()));
    await expect.poll(() => log, { timeout: 25_000 }).toMatch(/^(?:started|refused: .*)$/m);
    return { line: /^(?:started|refused: .*)$/m.exec(log)?.[0] ?? '', log };
  }

  it('are refused the second start where their handlers differ: the error names namespace', async () => {
    expect((await start('billing', ['invoice'])).line).toBe('started');
    const { line } = await start('crm', ['sync']);
    expect(line).toMatch(
      /^refused: .*namespace must be set, because another application, "billing main\.js"/,
    );
  }, 60_000);

  it('start when the first one has stopped', async () => {
    expect((await start('crm', ['sync'])).line).toBe('started');
  }, 60_000);

  it('start in a rolling deploy that renames every handler, with a warning', async () => {
    expect((await start('billing', ['invoice'])).line).toBe('started');
    const { line, log } = await start('billing', ['bill']);
    expect(line).toBe('started');
    expect(log).toMatch(/WARN.*Another application, "billing main\.js"/);
  }, 60_000);

  it('are refused the second start where one build has other handlers by its settings', async () => {
    expect((await start('billing', ['invoice', 'audit'])).line).toBe('started');
    expect((await start('billing', ['sync'], 'main.js', true)).line).toMatch(
      /^refused: .*namespace must be set/,
    );
    expect((await start('billing', ['audit'], 'main.js', true)).line).toBe('started');
  }, 60_000);

  it('are refused the second start where a handler has the same name, too', async () => {
    expect((await start('billing', ['create'])).line).toBe('started');
    const { line } = await start('crm', ['create']);
    expect(line).toMatch(
      /^refused: .*namespace must be set, because another application, "billing main\.js".*same handlers/,
    );
  }, 60_000);

  it('start with a warning where they are two scripts of one package that share a handler', async () => {
    expect((await start('billing', ['invoice', 'audit'])).line).toBe('started');
    const { line, log } = await start('billing', ['sync', 'audit'], 'console.js');
    expect(line).toBe('started');
    expect(log).toMatch(/WARN.*Another application, "billing main\.js".*some of the same handlers/);
  }, 60_000);

  it('are refused the second start where two scripts of one package share no handler', async () => {
    expect((await start('billing', ['invoice'])).line).toBe('started');
    expect((await start('billing', ['sync'], 'crm.js')).line).toMatch(/^refused: .*namespace must be set/);
  }, 60_000);
});
