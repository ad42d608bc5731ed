import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  type ScalekitEnvelope,
  type ScalekitEventContext,
  ScalekitWebhookService,
  signWebhook,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { eventually, type QueueBench, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, SECRET, type WebhookApp } from '../support/webhook-app.js';

/** What every dispatcher with a queue does. */
export function describeQueueDispatcher(bench: QueueBench): void {
  const runs: string[] = [];
  let fails: (handler: string, attempt: number) => unknown;

  @Injectable()
  class Handlers {
    @OnScalekitEvent('user.created')
    one(_event: ScalekitEnvelope, context: ScalekitEventContext): void {
      this.run('one', context);
    }

    @OnScalekitEvent('user.*', { attempts: 5, backoff: { type: 'fixed', delayMs: 1 } })
    two(_event: ScalekitEnvelope, context: ScalekitEventContext): void {
      this.run('two', context);
    }

    private run(handler: string, { attempt }: ScalekitEventContext): void {
      runs.push(`${handler} ${attempt}`);
      const error = fails(handler, attempt);
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what handlers may do
      if (error !== undefined) throw error;
    }
  }

  beforeEach(() => {
    runs.length = 0;
    fails = () => undefined;
  });
  afterEach(() => bench.closeAll());

  const failed = (server: WebhookApp) => server.app.get(ScalekitWebhookService).failed();

  describe.each(PLATFORMS)('a queue on $platform', ({ adapter }) => {
    it('answers once the event is queued, before its handlers have finished; a duplicate is "Already accepted"', async () => {
      const gate = new Gate();
      @Injectable()
      class Slow {
        @OnScalekitEvent('user.created')
        async handle() {
          await gate.pass();
          runs.push('finished');
        }
      }
      const server = await bench.start({ adapter: adapter(), providers: [Slow] });
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      await gate.reached;
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already accepted' });
      expect(runs).toEqual([]);
      gate.release();
      await eventually(() => runs).toEqual(['finished']);
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already accepted' });
    });

    it('answers an event without handlers as handled, and queues nothing', async () => {
      const scope = bench.scope();
      const server = await bench.start({ adapter: adapter(), providers: [Handlers] }, { scope });
      const event = anEvent('organization.created');
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already processed' });
      expect(await bench.live(scope)).toBe(0);
    });

    it('keeps nothing of a job that is done', async () => {
      const scope = bench.scope();
      const server = await bench.start({ adapter: adapter(), providers: [Handlers] }, { scope });
      await server.deliver(anEvent());
      await eventually(() => [...runs].sort()).toEqual(['one 1', 'two 1']);
      await eventually(() => bench.live(scope)).toBe(0);
    });
  });

  describe('a handler that fails', () => {
    it('is retried alone, until it succeeds', async () => {
      fails = (handler, attempt) => (handler === 'one' && attempt < 3 ? new Error('not yet') : undefined);
      const server = await bench.start({ providers: [Handlers] });
      await server.deliver(anEvent());
      await eventually(() => [...runs].sort()).toEqual(['one 1', 'one 2', 'one 3', 'two 1']);
      expect((await failed(server)).events).toEqual([]);
    });

    it('is a dead letter with its reason after as many attempts as the dispatcher, or its decorator, gives', async () => {
      fails = (handler) => new Error(`${handler} can't`);
      const server = await bench.start({ providers: [Handlers] }, { attempts: 2 });
      const event = anEvent();
      await server.deliver(event);
      await eventually(async () => (await failed(server)).events.length).toBe(2);
      const { events, cursor } = await failed(server);
      expect([...events].sort((a, b) => a.attempts - b.attempts)).toEqual(
        [
          { handler: 'Handlers.one', reason: "one can't", attempts: 2 },
          { handler: 'Handlers.two', reason: "two can't", attempts: 5 },
        ].map((each) => ({
          ...each,
          eventId: event.id,
          type: 'user.created',
          failedAt: expect.any(Date) as Date,
        })),
      );
      expect(cursor).toBeUndefined();
      expect(runs).toHaveLength(7);
    });

    it('is a dead letter at once when it throws UnrecoverableEventError', async () => {
      fails = (handler) => (handler === 'one' ? new UnrecoverableEventError('no such tenant') : undefined);
      const server = await bench.start({ providers: [Handlers] });
      await server.deliver(anEvent());
      await eventually(async () => (await failed(server)).events).toMatchObject([
        { handler: 'Handlers.one', reason: 'no such tenant', attempts: 1 },
      ]);
      expect([...runs].sort()).toEqual(['one 1', 'two 1']);
    });

    it('waits as long as its RetryLaterError says', async () => {
      fails = (handler, attempt) =>
        handler === 'one' && attempt === 1 ? new RetryLaterError(3_600) : undefined;
      const scope = bench.scope();
      const server = await bench.start({ providers: [Handlers] }, { scope });
      await server.deliver(anEvent());
      await eventually(async () => (await bench.delayed(scope)).length).toBe(1);
      const [job] = await bench.delayed(scope);
      expect(job?.attempts).toBe(1);
      expect(job?.delayMs).toBeGreaterThan(3_500_000);
      expect(job?.delayMs).toBeLessThanOrEqual(3_600_000);
      await bench.promote(scope);
      await eventually(() => [...runs].sort()).toEqual(['one 1', 'one 2', 'two 1']);
    });

    it('is logged with its attempt and with what comes next', async () => {
      fails = (handler) => (handler === 'one' ? new Error('no') : new UnrecoverableEventError('never'));
      const server = await bench.start({ providers: [Handlers] }, { attempts: 2 });
      await server.deliver(anEvent());
      await eventually(async () => (await failed(server)).events.length).toBe(2);
      for (const line of [
        /^error: Handlers\.one failed on event evt_\d+ \(user\.created\), attempt 1 of 2, the next one in [\d.]+ s: Error: no/,
        /^error: Handlers\.one failed on event .*, attempt 2 of 2, now a dead letter: Error: no/,
        /^error: Handlers\.two gave up on event .*, attempt 1 of 5, now a dead letter: /,
      ]) {
        expect(server.logs.matching(line)).toHaveLength(1);
      }
    });

    it.each([
      ['nothing', () => null, 'null'],
      ['a text', () => 'as text', 'as text'],
      ['an error without a message', () => new TypeError(), 'TypeError'],
      [
        'an error that a queue might take for one of its own',
        () => Object.assign(new Error('odd'), { name: 'DelayedError' }),
        'odd',
      ],
    ])('may throw %s', async (_, error, reason) => {
      fails = (handler) => (handler === 'one' ? error() : undefined);
      const server = await bench.start({ providers: [Handlers] }, { attempts: 2 });
      await server.deliver(anEvent());
      await eventually(async () => (await failed(server)).events).toMatchObject([{ reason, attempts: 2 }]);
    });
  });

  describe('a job for a handler that this process does not have', () => {
    it('goes back uncounted, and another process does it', async () => {
      const scope = bench.scope();
      const setup = { providers: [Handlers], webhook: sharedMemory() };
      fails = (handler, attempt) =>
        handler === 'one' && attempt === 1 ? new RetryLaterError(3_600) : undefined;
      const first = await bench.start(setup, { scope, attempts: 2 });
      await first.deliver(anEvent());
      await eventually(async () => (await bench.delayed(scope)).length).toBe(1);
      await first.close();

      const elsewhere = { ...setup, webhook: { ...setup.webhook, role: 'work' as const } };
      const stranger = await bench.start({ ...elsewhere, providers: [Recorder] }, { scope });
      await bench.promote(scope);
      const line = /unknown_handler: .*Handlers\.one .*"default" \(namespace none\)/;
      await eventually(() => stranger.logs.matching(line)).not.toEqual([]);
      await bench.start(setup, { scope, attempts: 2 });
      await eventually(() => runs).toContain('one 2');
      await bench.settled(scope);
      expect((await failed(stranger)).events).toEqual([]);
    });
  });

  describe('two applications with a namespace each', () => {
    it('take none of the other one’s jobs or dead letters from a queue and a ledger that they share', async () => {
      const scope = bench.scope();
      const { idempotency } = sharedMemory();
      fails = (handler) => (handler === 'one' ? new UnrecoverableEventError('no') : undefined);
      const [blue, green] = await Promise.all(
        ['blue', 'green'].map((namespace) =>
          bench.start({ providers: [Handlers], webhook: { namespace, idempotency } }, { scope }),
        ),
      );
      const event = anEvent();
      await blue?.deliver(event);
      await bench.settled(scope);
      expect(runs).toEqual(expect.arrayContaining(['one 1', 'two 1']));
      await green?.deliver(event);
      await bench.settled(scope);
      expect([...runs].sort()).toEqual(['one 1', 'one 1', 'two 1', 'two 1']);
      for (const app of [blue, green]) {
        expect((await app?.app.get(ScalekitWebhookService).failed())?.events).toHaveLength(1);
      }
      expect(await blue?.app.get(ScalekitWebhookService).discard(event.id)).toBe(1);
      expect((await green?.app.get(ScalekitWebhookService).failed())?.events).toHaveLength(1);
    });
  });

  describe('what a job carries', () => {
    it.each([
      ['digits only', '1234567890'],
      ['colons', 'evt:1:2:3'],
      ['letters of many scripts', 'ивент_🦊_事件'],
      ['the greatest length', 'x'.repeat(256)],
    ])('may have an event id of %s', async (_, id) => {
      const server = await bench.start({ providers: [Recorder] });
      const event = { ...anEvent(), id };
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      await eventually(() => server.app.get(Recorder).ids).toEqual([id]);
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already accepted' });
    });

    it.each([
      ['a byte order mark', (json: string) => `\ufeff${json}`],
      ['an escaped NUL', (json: string) => json.replace('usr_', '\\u0000usr_')],
      ['an escaped lone surrogate', (json: string) => json.replace('usr_', '\\ud83dusr_')],
      [
        'line separators and odd white space',
        (json: string) => ` \t\n${json.replace('usr_', '\u2028usr_')}\r\n`,
      ],
      ['nearly 1 MiB', (json: string) => json.replace('usr_', `usr_${'é🦊'.repeat(170_000)}`)],
    ])('is the body byte for byte, with %s', async (_, change) => {
      const server = await bench.start({ providers: [Recorder] });
      const body = Buffer.from(change(JSON.stringify(anEvent())));
      const answer = await server.post(body, { ...signWebhook({ body, secret: SECRET }) });
      expect(answer).toMatchObject({ status: 200, body: 'OK' });
      const { contexts } = server.app.get(Recorder);
      await eventually(() => contexts.length).toBe(1);
      expect(Buffer.from(contexts[0]?.rawBody ?? []).equals(body)).toBe(true);
    });

    it('is the context of the delivery', async () => {
      const server = await bench.start({ providers: [Recorder] });
      const before = Date.now();
      const event = anEvent('user.created', { occurred_at: '2026-01-02T03:04:05Z' });
      await server.deliver(event, { scheme: 'timestamped' });
      const { contexts } = server.app.get(Recorder);
      await eventually(() => contexts.length).toBe(1);
      expect(contexts[0]).toMatchObject({
        endpoint: 'default',
        scheme: 'timestamped',
        attempt: 1,
        occurredAt: new Date('2026-01-02T03:04:05Z'),
      });
      expect(contexts[0]?.receivedAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(contexts[0]?.signal.aborted).toBe(false);
    });
  });

  describe('latestOnly', () => {
    it('drops an event that a later one has overtaken, and keeps two of one key apart', async () => {
      const states: string[] = [];
      let running = 0;
      @Injectable()
      class Sync {
        @OnScalekitEvent('user.updated', {
          latestOnly: ({ data }) => (data as unknown as { user: string }).user,
        })
        async update({ data }: ScalekitEnvelope): Promise<void> {
          running++;
          expect(running).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          states.push((data as unknown as { state: string }).state);
          running--;
        }
      }
      const scope = bench.scope();
      const server = await bench.start({ providers: [Sync] }, { scope });
      const update = (state: string, second: number) =>
        server.deliver(
          anEvent('user.updated', {
            data: { user: 'ada', state },
            occurred_at: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
          }),
        );
      await update('newest', 30);
      await eventually(() => states).toEqual(['newest']);
      await Promise.all([update('older', 10), update('old', 20)]);
      await eventually(() => bench.live(scope)).toBe(0);
      expect(states).toEqual(['newest']);
      await Promise.all([40, 41, 42, 43, 44].map((second) => update(`at ${second}`, second)));
      await eventually(() => states.at(-1)).toBe('at 44');
    });
  });

  describe('an event that comes again when the ledger has forgotten it', () => {
    it('is tried again where it was a dead letter', async () => {
      const scope = bench.scope();
      fails = () => new UnrecoverableEventError('no tenant yet');
      const event = anEvent('user.updated');
      const first = await bench.start({ providers: [Handlers], webhook: sharedMemory() }, { scope });
      await first.deliver(event);
      await eventually(async () => (await failed(first)).events.length).toBe(1);
      await first.close();

      fails = () => undefined;
      runs.length = 0;
      const second = await bench.start({ providers: [Handlers], webhook: sharedMemory() }, { scope });
      const changed = { ...event, data: { changed: true } };
      expect(await second.deliver(changed)).toMatchObject({ status: 200, body: 'OK' });
      await eventually(() => runs).toEqual(['two 1']);
      await eventually(async () => (await failed(second)).events).toEqual([]);
    });
  });

  describe('a shutdown', () => {
    it('waits for the handler that runs, and gives nothing to the next process that has finished', async () => {
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
      const scope = bench.scope();
      const first = await bench.start({ providers: [Slow], webhook: sharedMemory() }, { scope });
      await first.deliver(anEvent());
      await gate.reached;
      const closed = first.close();
      gate.release();
      await closed;
      expect(await bench.live(scope)).toBe(0);
      expect(runs).toBe(1);
    });

    it('aborts a handler that takes too long, and gives its job to the next process without an attempt spent', async () => {
      const reasons: unknown[] = [];
      const gate = new Gate();
      @Injectable()
      class Stuck {
        @OnScalekitEvent('*')
        async handle(_event: ScalekitEnvelope, { signal, attempt }: ScalekitEventContext) {
          if (attempt > 1) {
            reasons.push('finished');
            return;
          }
          await Promise.all([
            gate.pass(),
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                reasons.push((signal.reason as { code: string }).code);
                reject(signal.reason as Error);
              });
            }),
          ]);
        }
      }
      const settings = { scope: bench.scope(), attempts: 1 };
      const setup = { providers: [Stuck], webhook: { ...sharedMemory(), shutdownTimeoutMs: 50 } };
      const first = await bench.start(setup, settings);
      await first.deliver(anEvent());
      await gate.reached;
      await first.close();
      expect(reasons).toEqual(['shutting_down']);
      const next = await bench.start(setup, settings);
      await eventually(() => reasons).toEqual(['shutting_down', 'finished']);
      expect((await failed(next)).events).toEqual([]);
    });
  });
}
