import { Injectable } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../lib/index.js';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { Gate } from '../support/gate.js';
import { connectRedis, REDIS_CLIENTS, type RedisConnection } from '../support/redis-clients.js';
import { freshPrefix } from '../support/redis-rows.js';
import { RedisServer } from '../support/redis-server.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

@Injectable()
class Sync {
  static runs: string[] = [];
  static gate: Gate | undefined;

  @OnScalekitEvent('*')
  async run({ id }: { id: string }): Promise<void> {
    Sync.runs.push(id);
    await Sync.gate?.pass();
  }
}

describe.each(REDIS_CLIENTS)('two applications that share a Redis through %s', (kind) => {
  let server: RedisServer;
  let connections: readonly RedisConnection[];
  let apps: readonly [WebhookApp, WebhookApp];

  beforeAll(async () => {
    server = await RedisServer.start();
    const keyPrefix = freshPrefix();
    const start = async () => {
      const connection = await connectRedis(kind, server.port);
      const store = new RedisIdempotencyStore({ client: connection.client, keyPrefix, timeoutMs: 1_000 });
      return {
        connection,
        app: await WebhookApp.start({ webhook: { idempotency: { store } }, providers: [Sync] }),
      };
    };
    const [one, other] = [await start(), await start()];
    connections = [one.connection, other.connection];
    apps = [one.app, other.app];
  });

  afterEach(() => {
    Sync.gate = undefined;
    Sync.runs = [];
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    connections.forEach(({ close }) => close());
    await server.stop();
  });

  it('run an event once, wherever its deliveries arrive', async () => {
    const event = anEvent();
    Sync.gate = new Gate();
    const first = apps[0].deliver(event);
    await Sync.gate.reached;
    const meanwhile = await apps[1].deliver(event);
    expect(meanwhile.status).toBe(409);
    expect(Number(meanwhile.headers.get('retry-after'))).toBeGreaterThan(0);
    Sync.gate.release();
    expect((await first).status).toBe(200);
    expect(await apps[1].deliver(event)).toMatchObject({ status: 200, body: 'Already processed' });
    expect(Sync.runs).toHaveLength(1);
  });

  it('answer 503 while Redis says nothing, and run the event once when it is back', async () => {
    const event = anEvent();
    server.pause();
    const answers = await Promise.all(apps.map((app) => app.deliver(event))).finally(() => {
      server.resume();
    });
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [503, '10'],
      [503, '10'],
    ]);
    expect(Sync.runs).toEqual([]);
    const reason = /store_unavailable: .*Redis did not answer within 1000 ms/;
    expect(apps.flatMap(({ logs }) => logs.matching(reason))).toHaveLength(apps.length);
    for (const app of apps) {
      let answer = await app.deliver(event);
      while (answer.status !== 200) {
        answer = await app.deliver(event);
      }
    }
    expect(Sync.runs).toHaveLength(1);
  });
});
