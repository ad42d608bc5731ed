import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type DispatcherFactory,
  type EventJob,
  EventTransaction,
  inlineDispatcher,
  type JobOutcome,
  MemoryIdempotencyStore,
  OnScalekitEvent,
  RetryLaterError,
  ScalekitWebhookModule,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { sharedMemory } from '../support/queue-bench.js';
import { RecordingStore } from '../support/recording-store.js';
import { anEvent, LogLines, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const seen: string[] = [];

@Injectable()
class Handlers {
  @OnScalekitEvent('user.created', { attempts: 3, backoff: { type: 'fixed', delayMs: 5 } })
  one({ id }: { id: string }): void {
    seen.push(`one ${id}`);
  }

  @OnScalekitEvent('user.*')
  two({ id }: { id: string }): void {
    seen.push(`two ${id}`);
  }

  @OnScalekitEvent('user.deleted')
  giveUp(): never {
    throw new UnrecoverableEventError('no use');
  }

  @OnScalekitEvent('user.updated')
  later(): never {
    throw new RetryLaterError(30);
  }
}

/** A queue that a test empties by hand: the least that a dispatcher with a queue does. */
function handQueue() {
  const jobs: EventJob[] = [];
  let work: ((job: EventJob) => Promise<JobOutcome>) | undefined;
  const dispatcher: DispatcherFactory = (host) => {
    work = (job) => host.jobs.work(job);
    return {
      name: 'by hand',
      dispatch: (delivery, claim) => {
        const queued = host.jobs.jobsOf(delivery, claim);
        jobs.push(...queued);
        return Promise.resolve({ status: queued.length > 0 ? 'accepted' : 'handled' });
      },
    };
  };
  return {
    jobs,
    dispatcher,
    work: (job: EventJob | undefined) => {
      if (!work || !job) throw new Error('There is no job.');
      return work(JSON.parse(JSON.stringify(job)) as EventJob);
    },
  };
}

describe.each(PLATFORMS)('a queue on $platform', ({ adapter }) => {
  let server: WebhookApp | undefined;
  afterEach(async () => {
    await server?.close();
    seen.length = 0;
  });

  it('gets a job for each handler, before the answer; a duplicate is "Already accepted"', async () => {
    const queue = handQueue();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { dispatcher: queue.dispatcher },
      providers: [Handlers],
    });
    const event = anEvent('user.created');
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(queue.jobs).toMatchObject([
      { handler: 'Handlers.one', retry: { attempts: 3, backoff: { type: 'fixed', delayMs: 5 } } },
      { handler: 'Handlers.two' },
    ]);
    expect(seen).toEqual([]);
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already accepted' });
    expect(queue.jobs).toHaveLength(2);
  });

  it('runs each job once, however many copies of it there are', async () => {
    const queue = handQueue();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { dispatcher: queue.dispatcher },
      providers: [Handlers],
    });
    const event = anEvent('user.created');
    await server.deliver(event);
    const outcomes = await Promise.all([...queue.jobs, ...queue.jobs].map((job) => queue.work(job)));
    expect(seen.sort()).toEqual([`one ${event.id}`, `two ${event.id}`]);
    expect(outcomes.every(({ status }) => status === 'done' || status === 'later')).toBe(true);
    expect(await queue.work(queue.jobs[0])).toEqual({ status: 'done' });
    expect(seen).toHaveLength(2);
  });

  it('is told what became of a job', async () => {
    const queue = handQueue();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { dispatcher: queue.dispatcher },
      providers: [Handlers],
    });
    await server.deliver(anEvent('user.deleted'));
    await server.deliver(anEvent('user.updated'));
    const outcomeOf = async (handler: string) =>
      queue.work(queue.jobs.find((job) => job.handler === handler));
    expect(await outcomeOf('Handlers.giveUp')).toMatchObject({ status: 'unrecoverable' });
    expect(await outcomeOf('Handlers.later')).toMatchObject({ status: 'failed', retryAfterMs: 30_000 });
  });

  it('gets a job back uncounted whose handler this process does not have, and after a day it is a dead letter', async () => {
    const queue = handQueue();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { dispatcher: queue.dispatcher, namespace: 'billing' },
      providers: [Handlers],
    });
    await server.deliver(anEvent());
    const [first] = queue.jobs;
    let job = first && { ...first, handler: 'Handlers.gone' };
    let waitedMs = 0;
    let outcome = await queue.work(job);
    for (let picks = 1; outcome.status === 'later'; picks++) {
      expect(picks).toBeLessThan(10_000);
      waitedMs += outcome.afterMs;
      job = outcome.job as typeof job;
      outcome = await queue.work(job);
    }
    expect(outcome).toMatchObject({ status: 'unrecoverable', error: { code: 'unknown_handler' } });
    expect(waitedMs / 3_600_000).toBeGreaterThan(23);
    expect(waitedMs / 3_600_000).toBeLessThan(25);
    expect(server.logs.matching(/unknown_handler: .*Handlers\.gone.*namespace billing/)).not.toEqual([]);
  });

  it('of receivers without handlers gets one job, which a worker without a route splits', async () => {
    const queue = handQueue();
    const workers = handQueue();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { role: 'receive', dispatcher: queue.dispatcher },
    });
    expect(server.logs.matching(/No handler found/)).toEqual([]);
    const event = anEvent('user.created');
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(queue.jobs).toHaveLength(1);

    @Module({
      imports: [
        ScalekitWebhookModule.forRoot({ secret: SECRET, role: 'work', dispatcher: workers.dispatcher }),
      ],
      providers: [Handlers],
    })
    class WorkerModule {}
    const worker = await NestFactory.createApplicationContext(WorkerModule, { logger: new LogLines() });
    const outcome = await workers.work(queue.jobs[0]);
    expect(outcome).toMatchObject({
      status: 'split',
      jobs: [{ handler: 'Handlers.one' }, { handler: 'Handlers.two' }],
    });
    for (const job of outcome.status === 'split' ? outcome.jobs : []) {
      expect(await workers.work(job)).toEqual({ status: 'done' });
    }
    expect(seen.sort()).toEqual([`one ${event.id}`, `two ${event.id}`]);
    await worker.close();
  });

  it('has no route where a process only works', async () => {
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { role: 'work', dispatcher: handQueue().dispatcher },
      providers: [Handlers],
    });
    expect((await server.deliver(anEvent())).status).toBe(404);
  });

  it('gives jobs back that a shutdown keeps from running', async () => {
    const queue = handQueue();
    const running = await WebhookApp.start({
      adapter: adapter(),
      webhook: { dispatcher: queue.dispatcher },
      providers: [Handlers],
    });
    await running.deliver(anEvent());
    await running.close();
    expect(await queue.work(queue.jobs[0])).toEqual({ status: 'later', afterMs: 0 });
    expect(seen).toEqual([]);
  });
});

describe('a role, a dispatcher and a store', () => {
  const STORES = {
    'process-local': () => new MemoryIdempotencyStore(),
    shared: () => sharedMemory().idempotency.store,
    'of the user': () => new RecordingStore(),
  };
  const DISPATCHERS = {
    inline: inlineDispatcher,
    'inline, wrapped': (): DispatcherFactory => (host) => ({ ...inlineDispatcher()(host) }),
    queue: () => bullMqDispatcher({ connection: { port: 1, retryStrategy: () => 1_000 } }),
    'of the user': () => handQueue().dispatcher,
  };

  it.each(
    Object.keys(DISPATCHERS).flatMap((dispatcher) =>
      (['both', 'receive', 'work'] as const).flatMap((role) =>
        Object.keys(STORES).map((store) => [dispatcher, role, store] as const),
      ),
    ),
  )('%s, %s, %s', async (dispatcher, role, store) => {
    const webhook = {
      role,
      dispatcher: DISPATCHERS[dispatcher as keyof typeof DISPATCHERS](),
      idempotency: { store: STORES[store as keyof typeof STORES]() },
    };
    const isInline = dispatcher.startsWith('inline');
    const isRefused = role !== 'both' && (isInline || (dispatcher === 'queue' && store === 'process-local'));
    if (isRefused) {
      const { error } = await WebhookApp.failToStart({ webhook, providers: [Handlers] });
      expect(error).toMatchObject({ code: 'invalid_options' });
      for (const option of isInline ? [/role/, /dispatcher/] : [/role/, /idempotency\.store/]) {
        expect(error.message).toMatch(option);
      }
      return;
    }
    const server = await WebhookApp.start({ webhook, providers: [Handlers] });
    const isWarned = role === 'both' && dispatcher === 'queue' && store === 'process-local';
    expect(server.logs.matching(/^warn: .*idempotency\.store \(MemoryIdempotencyStore\)/)).toHaveLength(
      isWarned ? 1 : 0,
    );
    await server.close();
  });
});

describe('an endpoint', () => {
  it('without a queue keeps no failed events if its store has no place for them, and says what to do', async () => {
    const idempotency = { store: new RecordingStore() };
    const server = await WebhookApp.start({ webhook: { idempotency }, providers: [Handlers] });
    const service = server.app.get(ScalekitWebhookService);
    await expect(service.failed()).rejects.toMatchObject({ code: 'keeps_no_events' });
    await expect(service.replay('evt_1')).rejects.toThrow(/Use a dispatcher with a queue/);
    await server.close();
  });

  it('whose store has no transactions does not start with a transactional handler', async () => {
    @Injectable()
    class Transactional {
      @OnScalekitEvent('user.created', { transactional: true })
      write(_event: object, @EventTransaction() _transaction: object): void {}
    }
    const { error } = await WebhookApp.failToStart({ providers: [Transactional] });
    expect(error).toMatchObject({ code: 'invalid_handler' });
    expect(error.message).toMatch(/Transactional\.write.*MemoryIdempotencyStore, has no transactions/);
  });

  it('gives a handler that is not transactional no transaction', async () => {
    @Injectable()
    class Plain {
      @OnScalekitEvent('user.created')
      write(_event: object, @EventTransaction() _transaction: object): void {}
    }
    const server = await WebhookApp.start({ providers: [Plain] });
    expect((await server.deliver(anEvent())).status).toBe(500);
    expect(server.logs.matching(/Plain\.write has an @EventTransaction\(\) parameter/)).toHaveLength(1);
    await server.close();
  });

  it('refuses an unknown role', () => {
    expect(() => ScalekitWebhookModule.forRoot({ secret: SECRET, role: 'sleep' as 'work' })).toThrow(
      /role must be one of 'receive', 'work', 'both'/,
    );
  });
});
