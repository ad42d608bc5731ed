import { Module } from '@nestjs/common';
import { expect, it } from 'vitest';
import {
  OnScalekitEvent,
  ScalekitWebhookModule,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { describeDeadLetters } from '../contract/dead-letters.contract.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';
import { eventually } from '../support/queue-bench.js';
import { anEvent, SECRET } from '../support/webhook-app.js';

const bench = BullMqBench.forThisFile();
describeDeadLetters(bench);

it('failed() knows only the jobs of its own endpoint', async () => {
  class Broken {
    @OnScalekitEvent('*')
    handle(): void {
      throw new UnrecoverableEventError('out of order');
    }
  }
  const queue = bench.queue(bench.scope());
  const dispatcher = bullMqDispatcher({ queue, ...HASTY });
  const forRoot = (name: string) =>
    ScalekitWebhookModule.forRoot({ secret: SECRET, name, path: name, dispatcher });
  @Module({ imports: [forRoot('a'), forRoot('a-b')], providers: [Broken] })
  class Endpoints {}
  const shared = await bench.start({ webhook: null, imports: [Endpoints] });
  await shared.deliver(anEvent(), { path: '/a' });
  await shared.deliver(anEvent(), { path: '/a-b' });
  await eventually(() => queue.getFailedCount()).toBe(2);
  const services = shared.app.select(Endpoints).get(ScalekitWebhookService, { each: true, strict: false });
  const pages = await Promise.all(services.map((each) => each.failed()));
  expect(pages.map(({ events }) => events.length)).toEqual([1, 1]);
});
