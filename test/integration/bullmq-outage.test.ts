import { Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEnvelope } from '../../lib/index.js';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { CallBatcher } from '../../lib/dispatch/queues/call-batcher.js';
import { jobIdOf } from '../../lib/adapters/bullmq/job-id.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { Gate } from '../support/gate.js';
import { Recorder } from '../support/recorder.js';
import { RedisServer } from '../support/redis-server.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

const bench = BullMqBench.forThisFile();
let isPaused = false;
const pause = () => {
  bench.server.pause();
  isPaused = true;
};
const resume = () => {
  bench.server.resume();
  isPaused = false;
};
beforeEach(() => {
  isPaused = false;
});
afterEach(async () => {
  if (isPaused) resume();
  await bench.closeAll();
});

describe('a Redis that hangs', () => {
  it('has deliveries answered 503 in time; what arrives late is harmless', async () => {
    const server = await bench.start({ providers: [Recorder] }, { timeoutMs: 200 });
    const before = anEvent();
    await server.deliver(before);
    await eventually(() => server.app.get(Recorder).ids).toEqual([before.id]);
    pause();
    const event = anEvent();
    const answer = await server.deliver(event);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(server.logs.matching(/queue_unavailable: The queue "scalekit-webhooks" failed/)).not.toEqual([]);
    resume();
    // The first try was on its way already; the second finds its job, or the handler done.
    await eventually(() => server.app.get(Recorder).ids).toEqual([before.id, event.id]);
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    const after = anEvent();
    expect(await server.deliver(after)).toMatchObject({ status: 200, body: 'OK' });
    await eventually(() => server.app.get(Recorder).ids).toEqual([before.id, event.id, after.id]);
  });

  it('does not keep the application from closing', async () => {
    const server = await bench.start({ providers: [Recorder] }, { timeoutMs: 200 });
    await server.deliver(anEvent());
    await eventually(() => server.app.get(Recorder).ids.length).toBe(1);
    pause();
    await server.close();
  });
});

describe('a Redis that is away', () => {
  it('has deliveries answered 503 until it is back, and loses nothing that it had synced', async () => {
    const redis = await RedisServer.start({ appendOnly: 'always' });
    const connection = { host: '127.0.0.1', port: redis.port, retryStrategy: () => 50 };
    const gate = new Gate();
    const seen: string[] = [];
    @Injectable()
    class Slow {
      @OnScalekitEvent('*')
      async handle({ id }: ScalekitEnvelope) {
        await gate.pass();
        seen.push(id);
      }
    }
    const dispatcher = bullMqDispatcher({ connection, ...HASTY, timeoutMs: 500 });
    const server = await WebhookApp.start({ providers: [Slow], webhook: { dispatcher } });
    try {
      const first = anEvent();
      expect(await server.deliver(first)).toMatchObject({ status: 200, body: 'OK' });
      await gate.reached;
      await redis.kill();
      const second = anEvent();
      expect(await server.deliver(second)).toMatchObject({ status: 503 });
      gate.release();
      await redis.restart();
      await eventually(async () => (await server.deliver(second)).status).toBe(200);
      await eventually(() => [...seen].sort()).toEqual([first.id, second.id].sort());
    } finally {
      await server.close();
      await redis.stop();
    }
  });

  it('keeps an application neither from starting nor from closing', async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const connection = { host: '127.0.0.1', port: redis.port, retryStrategy: () => 50 };
    const dispatcher = bullMqDispatcher({ connection, ...HASTY, timeoutMs: 200 });
    const server = await WebhookApp.start({ providers: [Recorder], webhook: { dispatcher } });
    try {
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 503 });
      expect(server.logs.matching(/queue_error: .*ECONNREFUSED/).length).toBeGreaterThan(0);
      await redis.restart();
      await eventually(async () => (await server.deliver(event)).status).toBe(200);
      await eventually(() => server.app.get(Recorder).ids).toEqual([event.id]);
      await redis.kill();
    } finally {
      await server.close();
      await redis.stop();
    }
  });
});

describe('two copies of a job', () => {
  it('side by side run their handler once', async () => {
    const prefix = bench.scope();
    const gate = new Gate();
    let runs = 0;
    @Injectable()
    class Slow {
      @OnScalekitEvent('*')
      async handle() {
        runs++;
        await gate.pass();
      }
    }
    const setup = {
      providers: [Slow],
      webhook: { idempotency: { ...sharedMemory().idempotency, leaseMs: 1_000 } },
    };
    const server = await bench.start(setup, { scope: prefix });
    await bench.start(setup, { scope: prefix });
    await server.deliver(anEvent());
    await gate.reached;
    const queue = bench.queue(prefix);
    const [job] = await queue.getActive();
    await queue.addBulk(
      Array.from({ length: 5 }, (_, copy) => ({
        name: 'copy',
        data: job?.data as object,
        opts: { jobId: `copy-${copy}`, removeOnComplete: true },
      })),
    );
    await eventually(() => queue.getDelayedCount()).toBe(5);
    gate.release();
    await eventually(async () =>
      Object.values(await queue.getJobCounts()).every((count) => count === 0),
    ).toBe(true);
    expect(runs).toBe(1);
  });

  it('are one job where both are queued by receivers', async () => {
    const prefix = bench.scope();
    const server = await bench.start({ webhook: { role: 'receive', ...sharedMemory() } }, { scope: prefix });
    const other = await bench.start({ webhook: { role: 'receive', ...sharedMemory() } }, { scope: prefix });
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await other.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    const waiting = await bench.queue(prefix).getWaiting();
    expect(waiting.map(({ id }) => id)).toEqual([jobIdOf(waiting[0]?.data as Parameters<typeof jobIdOf>[0])]);
  });
});

describe('a job that another one keeps from being queued', () => {
  it('keeps none of its neighbours', async () => {
    const queue = new Queue('small', {
      connection: bench.connection,
      prefix: bench.scope(),
      defaultJobOptions: { sizeLimit: 2_000 },
    });
    bench.closeLater(queue);
    const dispatcher = bullMqDispatcher({ queue, ...HASTY });
    const server = await bench.start({ providers: [Recorder], webhook: { dispatcher } });
    const small = Array.from({ length: 10 }, () => anEvent());
    const large = anEvent('user.created', { padding: 'x'.repeat(3_000) });
    const answers = await Promise.all([large, ...small].map((event) => server.deliver(event)));
    expect(answers.map(({ status }) => status)).toEqual([503, ...small.map(() => 200)]);
    await eventually(() => [...server.app.get(Recorder).ids].sort()).toEqual(
      small.map(({ id }) => id).sort(),
    );
  });
});

describe('CallBatcher', () => {
  it('sends the calls of a turn together, and those that come meanwhile after them', async () => {
    const sent: (readonly number[])[] = [];
    const gate = new Gate();
    const batcher = new CallBatcher<number>({
      send: async (items) => {
        sent.push(items);
        await gate.pass();
      },
      timeoutMs: 10_000,
      onTimeout: () => new Error('late'),
    });
    const first = [batcher.add([1, 2]), batcher.add([3])];
    await gate.reached;
    const second = [batcher.add([4]), batcher.add([5])];
    gate.release();
    await Promise.all([...first, ...second]);
    expect(sent).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('sends each call alone when they failed together', async () => {
    const batcher = new CallBatcher<number>({
      send: (items) => (items.includes(2) ? Promise.reject(new Error('two')) : Promise.resolve()),
      timeoutMs: 10_000,
      onTimeout: () => new Error('late'),
    });
    expect(await Promise.allSettled([1, 2, 3].map((item) => batcher.add([item])))).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'two' } },
      { status: 'fulfilled' },
    ]);
  });

  it('withdraws what waits longer than it may, and goes on although a server never answers', async () => {
    const sent: (readonly number[])[] = [];
    const batcher = new CallBatcher<number>({
      send: (items) => {
        sent.push(items);
        return items.includes(1) ? new Promise(() => undefined) : Promise.resolve();
      },
      timeoutMs: 100,
      onTimeout: () => new Error('late'),
    });
    await expect(batcher.add([1])).rejects.toThrow('late');
    await batcher.add([2]);
    expect(sent).toEqual([[1], [2]]);
  });
});
