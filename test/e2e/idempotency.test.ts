import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  type ScalekitEventContext,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { RecordingStore } from '../support/recording-store.js';
import { type Answer, anEvent, PLATFORMS, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

type Behaviour = (event: { id: string }, context: ScalekitEventContext) => unknown;

/** Three handlers of one event, whose behaviour a test decides. */
@Injectable()
class Steps {
  readonly runs: string[] = [];
  behaviour: Partial<Record<'first' | 'second' | 'third', Behaviour>> = {};

  @OnScalekitEvent('user.created')
  first(event: { id: string }, context: ScalekitEventContext): unknown {
    return this.run('first', event, context);
  }

  @OnScalekitEvent('user.*')
  second(event: { id: string }, context: ScalekitEventContext): unknown {
    return this.run('second', event, context);
  }

  @OnScalekitEvent('*')
  third(event: { id: string }, context: ScalekitEventContext): unknown {
    return this.run('third', event, context);
  }

  private run(
    step: 'first' | 'second' | 'third',
    event: { id: string },
    context: ScalekitEventContext,
  ): unknown {
    this.runs.push(step);
    return this.behaviour[step]?.(event, context);
  }
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let steps: Steps;
  afterEach(() => server.close());

  const start = async (webhook: WebhookAppSetup['webhook'] = {}) => {
    server = await WebhookApp.start({ adapter: adapter(), webhook, providers: [Steps] });
    steps = server.app.get(Steps);
  };

  const expectAnswer = (answer: Answer, status: number, body: string | RegExp) => {
    expect(answer.body).toMatch(body);
    expect(answer.status).toBe(status);
  };
  const expectRetryLater = (answer: Answer, status: number, seconds: number) => {
    expect(answer.status).toBe(status);
    expect(Number(answer.headers.get('retry-after'))).toBe(seconds);
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(['statusCode', 'message', 'error']);
  };

  /** Come again when the lease ends: 60 seconds after it began, or since it was renewed. */
  const expectInProgress = (answer: Answer) => {
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expectRetryLater(answer, 409, seconds);
  };

  describe('an event that comes more than once', () => {
    it('runs its handlers once and is then answered "Already processed"', async () => {
      await start();
      const event = anEvent();
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expectAnswer(await server.deliver(event), 200, /^Already processed$/);
      expectAnswer(await server.deliver(event, { scheme: 'timestamped' }), 200, /^Already processed$/);
      expect(steps.runs).toEqual(['first', 'second', 'third']);
    });

    it('runs once of 1,000 deliveries at once: the others get 409 while it runs', async () => {
      await start({ answerWithinMs: 25_000 });
      const gate = new Gate();
      steps.behaviour.first = () => gate.pass();
      const event = anEvent();
      let conflicts = 0;
      const deliveries = Array.from({ length: 1_000 }, async () => {
        const answer = await server.deliver(event);
        if (answer.status === 409 && ++conflicts === 999) {
          gate.release();
        }
        return answer;
      });
      const answers = await Promise.all(deliveries);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const conflicted = answers.filter(({ status }) => status === 409);
      conflicted.forEach(expectInProgress);
      expect(steps.runs).toEqual(['first', 'second', 'third']);
      expectAnswer(await server.deliver(event), 200, /^Already processed$/);
    });

    it('is "Already processed" with another body, too, with a warning', async () => {
      await start();
      const event = anEvent();
      await server.deliver(event);
      expectAnswer(await server.deliver({ ...event, data: { other: true } }), 200, /^Already processed$/);
      expect(steps.runs).toHaveLength(3);
      expect(server.logs.matching(/^warn: .*id_reused.*another body/)).toHaveLength(1);
    });

    it('asks the store once to begin and once to complete', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      const event = anEvent('other.type');
      await server.deliver(event);
      expect(store.calls.begin[0]?.[0]).toBe(`default:${event.id}`);
      expect(store.callCount).toBe(2);
      expect(store.calls.complete).toHaveLength(1);
    });
  });

  describe('a handler that fails', () => {
    it('makes the delivery 500, and only it runs again at the retry', async () => {
      await start();
      steps.behaviour.second = () => {
        throw new Error('database is down');
      };
      const event = anEvent();
      const answer = await server.deliver(event);
      expectAnswer(
        answer,
        500,
        /^{"statusCode":500,"message":"Internal Server Error","error":"Internal Server Error"}$/,
      );
      expect(steps.runs).toEqual(['first', 'second', 'third']);
      const contexts: ScalekitEventContext[] = [];
      steps.behaviour.second = (_, context) => contexts.push(context);
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expect(steps.runs).toEqual(['first', 'second', 'third', 'second']);
      expect(contexts[0]?.attempt).toBe(2);
      expectAnswer(await server.deliver(event), 200, /^Already processed$/);
    });

    it('does not keep the others from finishing, however late they are', async () => {
      await start();
      const gate = new Gate();
      steps.behaviour.first = () => Promise.reject(new Error('no'));
      steps.behaviour.third = () => gate.pass();
      const event = anEvent();
      const delivery = server.deliver(event);
      await gate.reached;
      gate.release();
      expect((await delivery).status).toBe(500);
      steps.behaviour = {};
      await server.deliver(event);
      expect(steps.runs).toEqual(['first', 'second', 'third', 'first']);
    });

    it('throws anything, and is logged with handler, event and attempt', async () => {
      await start();
      const thrown = [
        undefined,
        null,
        'text',
        42,
        { code: 1 },
        Object.create(null),
        Symbol('s'),
        new Error('e'),
      ];
      for (const value of thrown) {
        steps.behaviour.first = () => {
          throw value;
        };
        expect((await server.deliver(anEvent())).status).toBe(500);
      }
      expect(
        server.logs.matching(/^error: Steps\.first failed on event evt_\d+ \(user\.created\), attempt 1/),
      ).toHaveLength(thrown.length);
    });

    it('that gives up with UnrecoverableEventError counts as done and is logged as an error', async () => {
      await start();
      steps.behaviour.first = () => {
        throw new UnrecoverableEventError('no such tenant');
      };
      const event = anEvent();
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expectAnswer(await server.deliver(event), 200, /^Already processed$/);
      expect(steps.runs).toHaveLength(3);
      expect(
        server.logs.matching(/^error: Steps\.first gave up on event evt_\d+ .*no such tenant/),
      ).toHaveLength(1);
    });

    it('that gives up is not run again when another one fails', async () => {
      await start();
      steps.behaviour.first = () => {
        throw new UnrecoverableEventError('never');
      };
      steps.behaviour.second = () => {
        throw new Error('not yet');
      };
      const event = anEvent();
      expect((await server.deliver(event)).status).toBe(500);
      steps.behaviour.second = undefined as never;
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expect(steps.runs).toEqual(['first', 'second', 'third', 'second']);
    });

    it('that throws RetryLaterError makes the delivery 503 with that Retry-After, and is retried', async () => {
      await start();
      steps.behaviour.second = () => {
        throw new RetryLaterError(120.2);
      };
      const event = anEvent();
      expectRetryLater(await server.deliver(event), 503, 121);
      steps.behaviour = {};
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expect(steps.runs).toEqual(['first', 'second', 'third', 'second']);
    });

    it('leaves the longest of several wishes in Retry-After, beside plain failures', async () => {
      await start();
      steps.behaviour = {
        first: () => Promise.reject(new RetryLaterError(30)),
        second: () => Promise.reject(new RetryLaterError(90)),
        third: () => Promise.reject(new Error('no')),
      };
      expectRetryLater(await server.deliver(anEvent()), 503, 90);
    });
  });

  describe('handlers that are slow', () => {
    /** Lets the time of answerWithinMs pass while the handler waits at the gate. */
    const deliverUntilLate = async (event: object, gate: Gate) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const delivery = server.deliver(event);
      await gate.reached;
      vi.advanceTimersByTime(7_000);
      vi.useRealTimers();
      return delivery;
    };

    it('are answered 503 at answerWithinMs, run on, and the retry finds the event done', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      const gate = new Gate();
      steps.behaviour.first = () => gate.pass();
      const event = anEvent();
      expectRetryLater(await deliverUntilLate(event, gate), 503, 7);
      expectInProgress(await server.deliver(event));
      gate.release();
      await until(() => store.calls.complete.length === 1);
      expectAnswer(await server.deliver(event), 200, /^Already processed$/);
      expect(steps.runs).toEqual(['first', 'second', 'third']);
    });

    it('and then fail leave the event free for the retry', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      const gate = new Gate();
      steps.behaviour.first = async () => {
        await gate.pass();
        throw new Error('late failure');
      };
      const event = anEvent();
      expect((await deliverUntilLate(event, gate)).status).toBe(503);
      gate.release();
      await until(() => store.calls.release.length === 1);
      steps.behaviour = {};
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expect(steps.runs).toEqual(['first', 'second', 'third', 'first']);
    });

    it('keep their lease while they run', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store, leaseMs: 600 } });
      const gate = new Gate();
      steps.behaviour.first = () => gate.pass();
      const event = anEvent();
      await deliverUntilLate(event, gate);
      await until(() => store.calls.renew.length >= 4);
      expect((await server.deliver(event)).status).toBe(409);
      gate.release();
      await until(() => store.calls.complete.length === 1);
      expect(steps.runs).toEqual(['first', 'second', 'third']);
    });

    it('have their signal aborted at handlerTimeoutMs and count as failed; a late result is ignored', async () => {
      const store = new RecordingStore();
      await start({ handlerTimeoutMs: 30, idempotency: { store } });
      const gate = new Gate();
      let signal: AbortSignal | undefined;
      steps.behaviour.first = (_, context) => {
        signal = context.signal;
        return gate.pass();
      };
      const event = anEvent();
      expect((await server.deliver(event)).status).toBe(500);
      expect(signal?.aborted).toBe(true);
      expect(signal?.reason).toMatchObject({ code: 'handler_timeout' });
      expect(store.calls.release).toHaveLength(1);
      gate.release();
      steps.behaviour.first = () => Promise.reject(new Error('still broken'));
      expect((await server.deliver(event)).status).toBe(500);
      expect(store.calls.complete).toHaveLength(0);
      expect(steps.runs).toEqual(['first', 'second', 'third', 'first']);
    });

    it('can ask for the signal after it was aborted', async () => {
      await start({ handlerTimeoutMs: 30 });
      const gate = new Gate();
      const asked = new Promise((resolve) => {
        steps.behaviour.first = async (_, context) => {
          await gate.pass();
          resolve(context.signal.aborted);
        };
      });
      await server.deliver(anEvent());
      gate.release();
      expect(await asked).toBe(true);
    });
  });

  describe('a store that fails', () => {
    it('to begin makes the delivery 503, runs nothing, and recovers by itself', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      store.failing.add('begin');
      const event = anEvent();
      expectRetryLater(await server.deliver(event), 503, 10);
      expect(steps.runs).toEqual([]);
      expect(server.logs.matching(/^warn: .*store_unavailable.*ECONNREFUSED/)).toHaveLength(1);
      store.failing.clear();
      expectAnswer(await server.deliver(event), 200, /^OK$/);
    });

    it('to complete makes the delivery 503: a result that is not recorded could be lost', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      store.failing.add('complete');
      expectRetryLater(await server.deliver(anEvent()), 503, 10);
      store.failing.clear(); // Else the shutdown waits for it.
    });

    it('is told that an event is finished as soon as it is back: the handlers do not run again', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      store.failing.add('complete');
      const event = anEvent();
      expectRetryLater(await server.deliver(event), 503, 10);
      const failed = store.calls.complete.length;
      store.failing.clear();
      await until(() => store.calls.complete.length > failed);
      expectAnswer(await server.deliver(event), 200, /^Already processed$/);
      expect(steps.runs).toHaveLength(3);
    });

    it('is told which handlers had finished when another has failed', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      store.failing.add('handlerDone').add('release');
      steps.behaviour.first = () => Promise.reject(new Error('no'));
      const event = anEvent();
      expect((await server.deliver(event)).status).toBe(500);
      const failed = store.calls.release.length;
      store.failing.clear();
      steps.behaviour.first = () => Promise.resolve();
      await until(() => store.calls.release.length > failed);
      const before = steps.runs.length;
      expectAnswer(await server.deliver(event), 200, /^OK$/);
      expect(steps.runs.slice(before)).toEqual(['first']);
    });

    it('to record a handler lets the event finish all the same', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      store.failing.add('handlerDone');
      expectAnswer(await server.deliver(anEvent()), 200, /^OK$/);
      expect(server.logs.matching(/the store can't record it now/).length).toBeGreaterThan(0);
    });

    it('because it is full of running events makes the delivery 503', async () => {
      await start({ idempotency: { store: new RecordingStore({ maxEntries: 1 }) } });
      const gate = new Gate();
      steps.behaviour.first = () => gate.pass();
      const first = server.deliver(anEvent());
      await gate.reached;
      expectRetryLater(await server.deliver(anEvent()), 503, 10);
      gate.release();
      expect((await first).status).toBe(200);
    });
  });

  describe('a claim that was lost to another process', () => {
    it('is not completed by the late one: its delivery is answered 409', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store } });
      const gate = new Gate();
      steps.behaviour.first = () => gate.pass();
      const event = anEvent();
      const delivery = server.deliver(event);
      await gate.reached;
      store.takeOver(`default:${event.id}`);
      gate.release();
      expectRetryLater(await delivery, 409, 60);
    });

    it('aborts the signal of its handlers at the next renewal', async () => {
      const store = new RecordingStore();
      await start({ idempotency: { store, leaseMs: 150 } });
      let reason: unknown;
      const aborted = new Gate();
      steps.behaviour.first = (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            aborted.release();
            reject(new Error('aborted'));
          });
          void aborted.pass();
        });
      const event = anEvent();
      const delivery = server.deliver(event);
      await aborted.reached;
      store.takeOver(`default:${event.id}`);
      await aborted.pass();
      expect(reason).toMatchObject({ code: 'lease_lost' });
      expectRetryLater(await delivery, 409, 60);
    });
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
