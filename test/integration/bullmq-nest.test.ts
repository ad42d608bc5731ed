import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { context, propagation, trace } from '@opentelemetry/api';
import type { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  type ScalekitEnvelope,
  type ScalekitEventContext,
  ScalekitWebhookModule,
  signWebhook,
} from '../../lib/index.js';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';
import { RegisteredTelemetry } from '../support/open-telemetry.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, LogLines, SECRET } from '../support/webhook-app.js';

const bench = BullMqBench.forThisFile();
afterEach(() => bench.closeAll());

describe('a queue registered with @nestjs/bullmq', () => {
  it('carries the events, and is closed by its own module', async () => {
    const registered = BullModule.registerQueue({ name: 'webhooks' });
    const app = await bench.start({
      webhook: null,
      imports: [
        BullModule.forRoot({ connection: bench.connection, prefix: bench.scope() }),
        registered,
        ScalekitWebhookModule.forRootAsync({
          imports: [registered],
          inject: [getQueueToken('webhooks')],
          useFactory: (queue: Queue) => ({
            secret: SECRET,
            dispatcher: bullMqDispatcher({ queue, ...HASTY }),
          }),
        }),
      ],
      providers: [Recorder],
    });
    const event = anEvent();
    expect(await app.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    await eventually(() => app.app.get(Recorder).ids).toEqual([event.id]);
    expect(await app.deliver(event)).toMatchObject({ status: 200, body: 'Already accepted' });
  });
});

describe('two endpoints', () => {
  @Injectable()
  class Handlers {
    readonly seen: string[] = [];

    @OnScalekitEvent('*')
    record(event: ScalekitEnvelope, { endpoint }: ScalekitEventContext): void {
      this.seen.push(`${endpoint} ${event.id}`);
    }
  }

  it('have a queue each', async () => {
    const prefix = bench.scope();
    const dispatcher = bullMqDispatcher({ connection: bench.connection, prefix, ...HASTY });
    const forRoot = (name: string) =>
      ScalekitWebhookModule.forRoot({ secret: SECRET, name, path: name, dispatcher });
    const app = await bench.start({
      webhook: null,
      imports: [forRoot('default'), forRoot('blue')],
      providers: [Handlers],
    });
    for (const path of ['/default', '/blue']) {
      await app.deliver({ ...anEvent(), id: 'same' }, { path });
    }
    await eventually(() => [...app.app.get(Handlers).seen].sort()).toEqual(['blue same', 'default same']);
    for (const name of ['scalekit-webhooks', 'scalekit-webhooks-blue']) {
      expect(await bench.queue(prefix, name).getVersion()).toMatch(/^bullmq:/);
    }
  });

  it('have names with the namespace', async () => {
    const prefix = bench.scope();
    const dispatcher = bullMqDispatcher({ connection: bench.connection, prefix, ...HASTY });
    const forRoot = (name: string) =>
      ScalekitWebhookModule.forRoot({ secret: SECRET, name, path: name, dispatcher, namespace: 'billing' });
    await bench.start({ webhook: null, imports: [forRoot('default'), forRoot('blue')] });
    for (const name of ['scalekit-webhooks-billing', 'scalekit-webhooks-billing-blue']) {
      expect(await bench.queue(prefix, name).getVersion()).toMatch(/^bullmq:/);
    }
  });

  it('lose nothing on a queue that they share with each other and with a stranger', async () => {
    const queue = bench.queue(bench.scope(), 'shared');
    const forRoot = (name: string) =>
      ScalekitWebhookModule.forRoot({
        secret: SECRET,
        name,
        path: name,
        dispatcher: bullMqDispatcher({ queue, ...HASTY }),
      });
    const stranger = await queue.add('mail', { to: 'ada' });
    const app = await bench.start({
      webhook: null,
      imports: [forRoot('green'), forRoot('blue')],
      providers: [Handlers],
    });
    const ids = ['1a', '2a', '3a', '4a'];
    await Promise.all(
      ids.flatMap((id) => ['/green', '/blue'].map((path) => app.deliver({ ...anEvent(), id }, { path }))),
    );
    const expected = ids.flatMap((id) => [`blue ${id}`, `green ${id}`]).sort();
    await eventually(() => [...app.app.get(Handlers).seen].sort()).toEqual(expected);
    expect(await stranger.getState()).toMatch(/delayed|waiting|active/);
    expect((await queue.getJob(String(stranger.id)))?.attemptsMade).toBe(0);
    expect(app.logs.matching(/foreign_job: The queue "shared" holds jobs/)).not.toEqual([]);
  });
});

describe('the trace of a delivery', () => {
  let telemetry: RegisteredTelemetry;
  beforeEach(() => {
    telemetry = new RegisteredTelemetry();
  });
  afterEach(() => telemetry.close());

  it('goes on in the handler, through the queue and in another application', async () => {
    const seen: (string | undefined)[] = [];
    @Injectable()
    class Traced {
      @OnScalekitEvent('*')
      handle(): void {
        seen.push(trace.getActiveSpan()?.spanContext().traceId);
      }
    }
    const prefix = bench.scope();
    const { store } = sharedMemory().idempotency;
    const tracer = trace.getTracer('test');
    const receiver = await bench.start(
      {
        webhook: { role: 'receive', idempotency: { store } },
        configure: (app) =>
          app.use((request: { headers: Record<string, string> }, _response: unknown, next: () => void) => {
            tracer.startActiveSpan(
              'receive',
              {},
              propagation.extract(context.active(), request.headers),
              () => {
                next();
              },
            );
          }),
      },
      { scope: prefix },
    );
    @Module({
      imports: [
        ScalekitWebhookModule.forRoot({
          secret: SECRET,
          role: 'work',
          dispatcher: bullMqDispatcher({ connection: bench.connection, prefix }),
          idempotency: { store },
        }),
      ],
      providers: [Traced],
    })
    class Work {}
    bench.closeLater(await NestFactory.createApplicationContext(Work, { logger: new LogLines() }));
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const event = JSON.stringify(anEvent());
    const answer = await receiver.post(event, {
      ...signWebhook({ body: event, secret: SECRET }),
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    expect(answer.status).toBe(200);
    await eventually(() => seen).toEqual([traceId]);
    const names = ['handle Traced.handle', 'process default'];
    await eventually(() => telemetry.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    const [handler, delivery] = names.map((name) => telemetry.spanOf(name));
    expect(handler?.parentSpanContext?.spanId).toBe(delivery?.spanContext().spanId);
    expect(handler?.links).toMatchObject([{ context: { spanId: delivery?.spanContext().spanId } }]);
    expect(delivery?.attributes).toMatchObject({ 'scalekit.delivery.outcome': 'queued' });
    expect(await telemetry.points('scalekit_webhooks.queue.lag')).toEqual([
      [{ 'messaging.destination.name': 'default', 'scalekit.handler.name': 'Traced.handle' }, 1],
    ]);
    expect(await telemetry.scrape()).toContain('scalekit_webhooks_queue_lag_bucket');
  });
});
