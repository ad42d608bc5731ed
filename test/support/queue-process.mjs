// One process of an application with a queue, which dies by SIGKILL at the point it is told to. What its handlers do is
// appended to a file that outlives it. Reads the built package.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';

const { engine, log, secret, role, dieAt, hasInspector, ...setup } = JSON.parse(process.argv[2]);

function dieIfAt(point) {
  if (point === dieAt) {
    process.kill(process.pid, 'SIGKILL');
  }
}

class Handlers {
  handle({ id }) {
    dieIfAt('before effect');
    appendFileSync(log, `effect ${id}\n`);
    dieIfAt('after effect');
  }
}
const handle = Object.getOwnPropertyDescriptor(Handlers.prototype, 'handle');
OnScalekitEvent('*')(Handlers.prototype, 'handle', handle);
Object.defineProperty(Handlers.prototype, 'handle', handle);

const ENGINES = {
  async bullmq({ redisPort, prefix, settings }) {
    const { Redis } = await import('ioredis');
    const { bullMqDispatcher } = await import('nestjs-scalekit-webhooks/bullmq');
    const { RedisIdempotencyStore } = await import('nestjs-scalekit-webhooks/redis');
    const client = new Redis(redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    return {
      store: new RedisIdempotencyStore({ client, keyPrefix: `${prefix}:` }),
      dispatcher: bullMqDispatcher({
        connection: { host: '127.0.0.1', port: redisPort },
        prefix,
        ...settings,
      }),
    };
  },
  async 'pg-boss'({ url, table, queueName, settings }) {
    const { default: pg } = await import('pg');
    const client = new pg.Pool({ connectionString: url });
    client.on('error', () => undefined);
    return onPostgres(client, table, { connectionString: url, queueName, ...settings });
  },
  /** The database is in this process, and its data in a folder. */
  async pglite({ folder, settings }) {
    const { PGlite } = await import('@electric-sql/pglite');
    const { fromPglite, PgBoss } = await import('pg-boss');
    const client = await PGlite.create(folder);
    const boss = new PgBoss({ db: fromPglite(client), backend: 'pglite', schedule: false });
    await boss.start();
    return onPostgres(client, undefined, { boss, ...settings });
  },
};

async function onPostgres(client, table, options) {
  const { pgBossDispatcher } = await import('nestjs-scalekit-webhooks/pg-boss');
  const { PostgresIdempotencyStore } = await import('nestjs-scalekit-webhooks/postgres');
  const store = new PostgresIdempotencyStore({ client, ...(table && { table }) });
  await store.migrate();
  return { store, dispatcher: pgBossDispatcher(options) };
}

const { store, dispatcher: createDispatcher } = await ENGINES[engine](setup);
const dying = {
  begin: (...call) => store.begin(...call),
  renew: (...call) => store.renew(...call),
  handlerDone: (...call) => store.handlerDone(...call),
  release: (...call) => store.release(...call),
  inspection: (...call) => store.inspection(...call),
  complete: async (...call) => {
    const held = await store.complete(...call);
    dieIfAt(call[3] === 'accepted' ? 'after accept' : 'after record');
    return held;
  },
};

async function inspector() {
  const { ScalekitWebhookInspectorModule } = await import('nestjs-scalekit-webhooks/inspector');
  return ScalekitWebhookInspectorModule.forRoot();
}

class AppModule {}
Module({
  imports: [
    ...(hasInspector ? [await inspector()] : []),
    ScalekitWebhookModule.forRoot({
      secret,
      role,
      idempotency: { store: dying, leaseMs: 3_000 },
      dispatcher: (host) => {
        const dispatcher = createDispatcher(host);
        const dispatch = dispatcher.dispatch.bind(dispatcher);
        dispatcher.dispatch = async (...call) => {
          dieIfAt('after claim');
          const outcome = await dispatch(...call);
          dieIfAt('after enqueue');
          return outcome;
        };
        return dispatcher;
      },
    }),
  ],
  providers: role === 'receive' ? [] : [Handlers],
})(AppModule);

process.on('disconnect', () => process.exit(1)); // The test run has gone.
if (role === 'work') {
  await NestFactory.createApplicationContext(AppModule, { logger: false });
  process.send({ port: 0 });
} else {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  process.send({ port: app.getHttpServer().address().port });
}
