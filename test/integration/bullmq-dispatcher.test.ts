import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { OnScalekitEvent, ScalekitWebhookService } from '../../lib/index.js';
import { describeQueueDispatcher } from '../contract/dispatcher.contract.js';
import { BullMqBench } from '../support/bullmq-app.js';
import { eventually } from '../support/queue-bench.js';
import { anEvent } from '../support/webhook-app.js';

const bench = BullMqBench.forThisFile();
describeQueueDispatcher(bench);

it('a handler may throw an error that BullMQ takes for a rate limit', async () => {
  @Injectable()
  class Odd {
    @OnScalekitEvent('*')
    handle(): void {
      throw new Error('bullmq:rateLimitExceeded');
    }
  }
  const server = await bench.start({ providers: [Odd] }, { attempts: 2 });
  await server.deliver(anEvent());
  await eventually(async () => (await server.app.get(ScalekitWebhookService).failed()).events).toMatchObject([
    { reason: 'Error: bullmq:rateLimitExceeded', attempts: 2 },
  ]);
});

describe('bullMqDispatcher', () => {
  it.each([
    ['neither a connection nor a queue', {}],
    ['no attempts', { connection: {}, attempts: 0 }],
    ['a timeout that is no number', { connection: {}, timeoutMs: Number.NaN }],
    ['a backoff of no known type', { connection: {}, backoff: { type: 'linear', delayMs: 1 } }],
    ['a backoff without a delay', { connection: {}, backoff: { type: 'fixed' } }],
    ['a negative delay', { connection: {}, backoff: { type: 'fixed', delayMs: -1 } }],
    ['a delay of more than a year', { connection: {}, backoff: { type: 'fixed', delayMs: Date.now() } }],
    ["a queue name with ':'", { connection: {}, queueName: 'a:b' }],
    ['dead letters that are kept for no time', { connection: {}, keepFailedSeconds: 0 }],
  ])('refuses %s', (_, options) => {
    expect(() => bullMqDispatcher(options as unknown as Parameters<typeof bullMqDispatcher>[0])).toThrow(
      expect.objectContaining({ code: 'invalid_options' }) as Error,
    );
  });
});
