import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect } from 'vitest';
import { bullMqDispatcher, type BullMqDispatcherSettings } from '../../lib/adapters/bullmq/index.js';
import { RedisServer } from './redis-server.js';
import { WebhookApp, type WebhookAppSetup } from './webhook-app.js';

/** Retries at once, and a worker that notices a dead neighbour within a second or two. */
export const HASTY: BullMqDispatcherSettings = {
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 5 },
  worker: { lockDuration: 1_000, stalledInterval: 500 },
};

/** A Redis for the tests of a file, and what each of them opens there. */
export class BullMqBench {
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

  /** A prefix for a test's queues, so that no other test sees them. */
  prefix(): string {
    return `test-${randomUUID()}`;
  }

  async start(
    setup: WebhookAppSetup,
    { prefix = this.prefix(), ...settings }: BullMqDispatcherSettings & { prefix?: string } = {},
  ): Promise<WebhookApp> {
    const dispatcher = bullMqDispatcher({ connection: this.connection, prefix, ...HASTY, ...settings });
    const webhook = setup.webhook === null ? null : { dispatcher, ...setup.webhook };
    const app = await WebhookApp.start({ ...setup, webhook });
    this.open.push(app);
    return app;
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

/** Waits until it is so. */
export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 20_000, interval: 20 });
}
