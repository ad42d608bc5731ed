// One process of an application with a pg-boss dispatcher, which dies by SIGKILL at the point it is told to. What its
// handlers do is appended to a file that outlives it. Reads the built package.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { pgBossDispatcher } from 'nestjs-scalekit-webhooks/pg-boss';
import { PostgresIdempotencyStore } from 'nestjs-scalekit-webhooks/postgres';

const { url, folder, table, queueName, log, secret, role, dieAt, settings } = JSON.parse(process.argv[2]);

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

async function onPostgres() {
  const { default: pg } = await import('pg');
  const client = new pg.Pool({ connectionString: url });
  client.on('error', () => undefined);
  return { client, dispatcher: pgBossDispatcher({ connectionString: url, queueName, ...settings }) };
}

/** The database is in this process, and its data in a folder. */
async function onPglite() {
  const { PGlite } = await import('@electric-sql/pglite');
  const { fromPglite, PgBoss } = await import('pg-boss');
  const client = await PGlite.create(folder);
  const boss = new PgBoss({ db: fromPglite(client), backend: 'pglite', schedule: false });
  await boss.start();
  return { client, dispatcher: pgBossDispatcher({ boss, queueName, ...settings }) };
}

const { client, dispatcher: pgBoss } = await (folder ? onPglite() : onPostgres());
const postgres = new PostgresIdempotencyStore({ client, table });
await postgres.migrate();
const store = {
  begin: (...call) => postgres.begin(...call),
  renew: (...call) => postgres.renew(...call),
  handlerDone: (...call) => postgres.handlerDone(...call),
  release: (...call) => postgres.release(...call),
  complete: async (...call) => {
    const held = await postgres.complete(...call);
    dieIfAt(call[3] === 'accepted' ? 'after accept' : 'after record');
    return held;
  },
};

class AppModule {}
Module({
  imports: [
    ScalekitWebhookModule.forRoot({
      secret,
      role,
      idempotency: { store, leaseMs: 1_000 },
      dispatcher: (host) => {
        const dispatcher = pgBoss(host);
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
