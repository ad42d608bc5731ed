import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { bullMqDispatcher, type BullMqDispatcherSettings } from '../../lib/adapters/bullmq/index.js';
import { eventually, type QueueBench, type QueueSettings, sharedMemory } from './queue-bench.js';
import { RedisServer } from './redis-server.js';
import { WebhookApp, type WebhookAppSetup } from './webhook-app.js';

/** Retries at once, and a worker that notices a dead neighbour soon, but none that is only busy. */
export const HASTY: BullMqDispatcherSettings = {
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 5 },
  worker: { lockDuration: 3_000, stalledInterval: 500 },
};

/** A Redis for the tests of a file, and what each of them opens there. */
export class BullMqBench implements QueueBench {
  server!: RedisServer;
  private readonly open: { close(): Promise<unknown> }[] = [];

  static forThisFile(): BullMqBench {
    const bench = new BullMqBench();
    beforeAll(async () => {
      bench.server = await RedisServer.start();
    });
    afterAll(() => bench.server.stop());
    return bench;
  }

  get connection(): { host: string; port: number; retryStrategy: () => number } {
    return { host: '127.0.0.1', port: this.server.port, retryStrategy: () => 50 };
  }

  /** A prefix for a test's queues. */
  scope(): string {
    return `test-${randomUUID()}`;
  }

  async start(
    setup: WebhookAppSetup,
    { scope = this.scope(), ...settings }: BullMqDispatcherSettings & { scope?: string } = {},
  ): Promise<WebhookApp> {
    const queueName = 'scalekit-webhooks';
    const options = { connection: this.connection, prefix: scope, queueName, ...HASTY, ...settings };
    const webhook =
      setup.webhook === null
        ? null
        : { dispatcher: bullMqDispatcher(options), ...sharedMemory(), ...setup.webhook };
    const app = await WebhookApp.start({ ...setup, webhook });
    this.open.push(app);
    return app;
  }

  connections(): Promise<number> {
    return connectionsTo(this.server);
  }

  async ownServer() {
    const server = await RedisServer.start({ appendOnly: 'always' });
    this.closeLater({ close: () => server.stop() });
    const connection = { host: '127.0.0.1', port: server.port, retryStrategy: () => 50 };
    return {
      server,
      dispatcher: (settings: QueueSettings) => bullMqDispatcher({ connection, ...HASTY, ...settings }),
      connections: () => connectionsTo(server),
    };
  }

  async live(scope: string): Promise<number> {
    const counts = await this.queue(scope).getJobCounts('waiting', 'active', 'delayed', 'prioritized');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async settled(scope: string): Promise<void> {
    await eventually(() => this.live(scope)).toBe(0);
  }

  async delayed(scope: string): Promise<{ delayMs: number; attempts: number }[]> {
    const jobs = await this.queue(scope).getDelayed();
    return jobs.map(({ delay, attemptsMade }) => ({ delayMs: delay, attempts: attemptsMade }));
  }

  async copyJob(scope: string, copies: number): Promise<void> {
    const queue = this.queue(scope);
    const [job] = await queue.getActive();
    await queue.addBulk(
      Array.from({ length: copies }, (_, copy) => ({
        name: 'copy',
        data: job?.data as object,
        opts: { jobId: `copy-${copy}`, removeOnComplete: true },
      })),
    );
  }

  async promote(scope: string): Promise<void> {
    await this.queue(scope).promoteJobs();
  }

  /** BullMQ's own view of a queue. */
  queue(prefix: string, name = 'scalekit-webhooks'): Queue {
    const queue = new Queue(name, { connection: this.connection, prefix });
    queue.on('error', () => undefined);
    this.closeLater(queue);
    return queue;
  }

  closeLater(resource: { close(): Promise<unknown> }): void {
    this.open.push(resource);
  }

  /** For `afterEach`. */
  async closeAll(): Promise<void> {
    for (const resource of this.open.splice(0).reverse()) {
      await resource.close();
    }
  }
}

/** Without the one that asks. */
async function connectionsTo({ port }: RedisServer): Promise<number> {
  const client = new Redis(port, '127.0.0.1');
  client.on('error', () => undefined);
  const list = String(await client.client('LIST'));
  client.disconnect();
  return list.trim().split('\n').length - 1;
}
