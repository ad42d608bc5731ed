// Delivers, fails, retries, replays and discards on each dispatcher and store, with the versions that are installed here.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import Redis from 'ioredis'; // Version 5.0 has no export of that name.
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { createClient } from 'redis';
import {
  inlineDispatcher,
  MemoryIdempotencyStore,
  OnScalekitEvent,
  ScalekitWebhookModule,
  ScalekitWebhookService,
  signWebhook,
} from 'nestjs-scalekit-webhooks';
import { bullMqDispatcher } from 'nestjs-scalekit-webhooks/bullmq';
import { pgBossDispatcher } from 'nestjs-scalekit-webhooks/pg-boss';
import { PostgresIdempotencyStore } from 'nestjs-scalekit-webhooks/postgres';
import { RedisIdempotencyStore } from 'nestjs-scalekit-webhooks/redis';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const { REDIS_URL, DATABASE_URL: connectionString } = process.env;
const { hostname: host, port } = new URL(REDIS_URL);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

const ioredis = new Redis(REDIS_URL);
const redis = createClient({ url: REDIS_URL });
await redis.connect();
const pool = new pg.Pool({ connectionString });
const boss = new PgBoss({ connectionString });
await boss.start();
const queue = new Queue('own', { connection });
const postgres = new PostgresIdempotencyStore({ client: pool });
await postgres.migrate();

const STORES = {
  memory: new MemoryIdempotencyStore(),
  ioredis: new RedisIdempotencyStore({ client: ioredis }),
  redis: new RedisIdempotencyStore({ client: redis }),
  pg: postgres,
};
const fast = { attempts: 2, backoff: { type: 'fixed', delayMs: 5 } };
const worker = { pollingIntervalSeconds: 0.1 };
const DISPATCHERS = {
  inline: () => inlineDispatcher(),
  bullmq: () => bullMqDispatcher({ connection, ...fast }),
  'bullmq with a queue of ours': () => bullMqDispatcher({ queue, ...fast }),
  'pg-boss': () => pgBossDispatcher({ connectionString, worker, ...fast }),
  'pg-boss with a boss of ours': () => pgBossDispatcher({ boss, worker, ...fast }),
};

/** Fails as often as an event's data says. */
class Handlers {
  calls = new Map();
  onUser({ id, data: { failures } }) {
    const calls = (this.calls.get(id) ?? 0) + 1;
    this.calls.set(id, calls);
    if (calls <= failures) throw new Error(`failure ${calls} of ${failures}`);
  }
}
Injectable()(Handlers);
const { prototype } = Handlers;
OnScalekitEvent('user.created')(prototype, 'onUser', Object.getOwnPropertyDescriptor(prototype, 'onUser'));

async function until(read, what) {
  for (const end = Date.now() + 30_000; ; await wait(20)) {
    const value = await read();
    if (value) return value;
    assert.ok(Date.now() < end, `waited for ${what}`);
  }
}

let lastApp = 0;

async function start(dispatcher, store) {
  class AppModule {}
  const name = `engine-${++lastApp}`;
  const options = {
    secret: SECRET,
    dispatcher: DISPATCHERS[dispatcher](),
    idempotency: { store: STORES[store] },
  };
  Module({ imports: [ScalekitWebhookModule.forRoot({ name, ...options })], providers: [Handlers] })(
    AppModule,
  );
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  const service = app.get(ScalekitWebhookService, { strict: false });
  const send = async (id, failures) => {
    const rawBody = JSON.stringify({ id, type: 'user.created', data: { failures } });
    const { statusCode } = await service.receive({
      rawBody,
      headers: signWebhook({ body: rawBody, secret: SECRET }),
    });
    return statusCode;
  };
  return { app, service, send, calls: (id) => app.get(Handlers).calls.get(id) ?? 0 };
}

async function check(dispatcher, store) {
  const { app, service, send, calls } = await start(dispatcher, store);
  const id = (what) => `${what}-${lastApp}-${process.pid}`;
  const isQueue = dispatcher !== 'inline';
  try {
    // Delivered once.
    assert.equal(await send(id('plain'), 0), 200);
    await until(() => calls(id('plain')) === 1, 'the handler');
    assert.equal(await send(id('plain'), 0), 200);

    // Fails once and is retried: by the queue, or by the sender.
    assert.equal(await send(id('flaky'), 1), isQueue ? 200 : 500);
    if (!isQueue) assert.equal(await send(id('flaky'), 1), 200);
    await until(() => calls(id('flaky')) === 2, 'the retry');
    assert.equal(calls(id('plain')), 1);
    if (!isQueue) return;

    // Given up; one is replayed, the other discarded.
    await send(id('replayed'), 2);
    await send(id('discarded'), 9);
    const failed = async () => (await service.failed()).events.map(({ eventId }) => eventId).sort();
    await until(async () => (await failed()).length === 2, 'two failed events');
    await service.replay(id('replayed'));
    await until(() => calls(id('replayed')) === 3, 'the replay');
    await service.discard(id('discarded'));
    await until(async () => (await failed()).length === 0, 'no failed events');
    assert.equal(calls(id('discarded')), 2);
  } finally {
    await app.close();
  }
}

const versions = ['bullmq', 'ioredis', 'redis', 'pg', 'pg-boss'].map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${version}`;
});
console.log(versions.join(', '));
for (const dispatcher of Object.keys(DISPATCHERS)) {
  for (const store of Object.keys(STORES)) {
    try {
      await check(dispatcher, store);
      console.log(`passed  ${dispatcher} on ${store}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAILED  ${dispatcher} on ${store}: ${error.stack}`);
    }
  }
}
await Promise.all([ioredis.quit(), redis.quit(), queue.close(), boss.stop({ graceful: false })]);
await pool.end();
