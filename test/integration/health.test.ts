import { createRequire } from 'node:module';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { pgBossDispatcher } from '../../lib/adapters/pg-boss/index.js';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import {
  OnScalekitEvent,
  ScalekitWebhookHealthIndicator,
  ScalekitWebhookModule,
  UnrecoverableEventError,
  type WebhookHealth,
  type WebhookHealthOptions,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { anEvent, SECRET, WebhookApp } from '../support/webhook-app.js';

type ForRoot = Parameters<typeof ScalekitWebhookModule.forRoot>[0];

const SOON = { timeout: 30_000, interval: 100 };
const { version } = createRequire(import.meta.url)('@nestjs/terminus/package.json') as { version: string };

let work: () => unknown = () => undefined;
@Injectable()
class Users {
  @OnScalekitEvent('*')
  on(): unknown {
    return work();
  }
}

/** An application with a health check over HTTP, as its users have one. */
async function start(webhook: Partial<ForRoot>, options: WebhookHealthOptions = {}) {
  const webhooks = ScalekitWebhookModule.forRoot({ secret: SECRET, ...webhook });

  @Controller('ready')
  class ReadyController {
    constructor(
      private readonly health: HealthCheckService,
      private readonly indicator: ScalekitWebhookHealthIndicator,
    ) {}

    @Get()
    @HealthCheck()
    check() {
      return this.health.check([() => this.indicator.isHealthy('webhooks', options)]);
    }
  }
  @Module({ imports: [TerminusModule, webhooks], controllers: [ReadyController], providers: [Users] })
  class HealthModule {}

  const server = await WebhookApp.start({ webhook: null, imports: [HealthModule] });
  const ready = async () => {
    const response = await fetch(`${server.url}/ready`);
    const { details } = (await response.json()) as { details: { webhooks: WebhookHealth } };
    return [response.status, details.webhooks] as const;
  };
  return { server, ready };
}

describe(`readiness with terminus ${version}`, () => {
  const closing: (() => unknown)[] = [];
  beforeEach(() => {
    work = () => undefined;
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });
  const startIt = async (...args: Parameters<typeof start>) => {
    const app = await start(...args);
    closing.push(() => app.server.close());
    return app;
  };

  it('is good while nothing is wrong, and says what was looked at', async () => {
    const { ready } = await startIt({}, { maxFailedEvents: 0 });
    expect(await ready()).toEqual([
      200,
      {
        status: 'up',
        endpoint: 'default',
        store: 'up',
        runningClaims: 0,
        oldestClaimMs: 0,
        failedEvents: 0,
        shuttingDown: false,
      },
    ]);
  });

  it('ends with an old claim, with too many failed events, and while shutting down', async () => {
    const { server, ready } = await startIt({}, { maxClaimMs: 1, maxFailedEvents: 0 });
    const gate = new Gate();
    work = () => gate.pass();
    const delivery = server.deliver(anEvent());
    await gate.reached;
    await expect.poll(ready, SOON).toMatchObject([503, { message: 'claim too old', runningClaims: 1 }]);
    const closed = server.close();
    await expect
      .poll(ready, SOON)
      .toMatchObject([503, { message: 'shutting down, claim too old', shuttingDown: true }]);
    gate.release();
    await Promise.all([delivery, closed]);

    const next = await startIt({}, { maxFailedEvents: 0 });
    work = () => Promise.reject(new UnrecoverableEventError('no'));
    await next.server.deliver(anEvent());
    expect(await next.ready()).toMatchObject([503, { message: 'failed events', failedEvents: 1 }]);
  });

  it('ends while Redis hangs or is gone, and begins again when it is back', async () => {
    const redis = await RedisServer.start();
    closing.push(() => redis.stop());
    const client = new Redis(redis.url, { maxRetriesPerRequest: 1 });
    client.on('error', () => undefined);
    closing.push(() => {
      client.disconnect();
    });
    const { ready } = await startIt({
      idempotency: { store: new RedisIdempotencyStore({ client }) },
      dispatcher: bullMqDispatcher({ connection: { port: redis.port } }),
    });
    const up = [200, { store: 'up', queue: 'up', worker: 'up' }];
    await expect.poll(ready, SOON).toMatchObject(up);
    redis.pause();
    expect(await ready()).toMatchObject([503, { message: 'store, queue', store: 'down', queue: 'down' }]);
    redis.resume();
    await expect.poll(ready, SOON).toMatchObject(up);
    await redis.kill();
    await expect.poll(ready, SOON).toMatchObject([503, { message: 'store, queue' }]);
    await redis.restart();
    await expect.poll(ready, SOON).toMatchObject(up);
  });

  it('ends while PostgreSQL is gone, and begins again when it is back', async () => {
    const postgres = await PostgresServer.start();
    closing.push(() => postgres.stop());
    const pool = new pg.Pool({ connectionString: postgres.url });
    pool.on('error', () => undefined);
    closing.push(() => pool.end());
    const store = new PostgresIdempotencyStore({ client: pool });
    await store.migrate();
    const { ready } = await startIt({
      idempotency: { store },
      dispatcher: pgBossDispatcher({ connectionString: postgres.url }),
    });
    const up = [200, { store: 'up', queue: 'up', worker: 'up' }];
    await expect.poll(ready, SOON).toMatchObject(up);
    await postgres.kill();
    await expect.poll(ready, SOON).toMatchObject([503, { message: 'store, queue' }]);
    await postgres.restart();
    await expect.poll(ready, SOON).toMatchObject(up);
  });
});
