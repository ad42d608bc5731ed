import { Injectable } from '@nestjs/common';
import { expect, it, vi } from 'vitest';
import {
  type IdempotencyStore,
  type IdempotencyStoreExtras,
  OnScalekitEvent,
  RetryLaterError,
  type ScalekitEventContext,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { describeFailedFilter } from '../contract/failed-filter.contract.js';
import { Gate } from './gate.js';
import { anEvent, WebhookApp } from './webhook-app.js';

/** Two handlers; tests say what the second one does. */
@Injectable()
export class Sync {
  static runs: string[] = [];
  static first: () => void = () => undefined;
  static act: (context: ScalekitEventContext) => void | Promise<void> = () => undefined;

  @OnScalekitEvent('user.*')
  finishes({ id }: { id: string }): void {
    Sync.runs.push(`finishes ${id}`);
    Sync.first();
  }

  @OnScalekitEvent('user.*')
  async gives_up({ id }: { id: string }, context: ScalekitEventContext): Promise<void> {
    Sync.runs.push(`gives_up ${id}`);
    await Sync.act(context);
  }
}

const giveUp = (message: string) => () => {
  throw new UnrecoverableEventError(message);
};
const succeed = () => undefined;

/** What an application does with events that its handlers gave up on, on any store that keeps them. */
export function describeInlineFailures(createStore: () => Promise<IdempotencyStore>): void {
  async function start(failed: object = {}, store?: IdempotencyStore) {
    const idempotency = { store: store ?? (await createStore()), failed };
    const app = await WebhookApp.start({ webhook: { idempotency }, providers: [Sync] });
    Sync.runs = [];
    return { app, store: idempotency.store, service: app.app.get(ScalekitWebhookService) };
  }

  describeFailedFilter(async (setup) => {
    const store = await createStore();
    return WebhookApp.start({ ...setup, webhook: { idempotency: { store } } });
  });

  it('keeps what a handler gave up on, without values of the payload', async () => {
    const { app, service } = await start();
    const event = anEvent('user.created', { data: { email: 'ada@example.com' } });
    Sync.act = giveUp('no tenant for ada@example.com');
    expect((await app.deliver(event)).body).toBe('OK');
    const { events, cursor } = await service.failed();
    expect(cursor).toBeUndefined();
    expect(events).toEqual([
      {
        eventId: event.id,
        type: 'user.created',
        handler: 'Sync.gives_up',
        reason: expect.stringMatching(/^no tenant for \[\w+\]$/) as string,
        attempts: 1,
        failedAt: expect.any(Date) as Date,
      },
    ]);
    expect(Math.abs(Date.now() - Number(events[0]?.failedAt))).toBeLessThan(60_000);
    expect(
      app.logs.matching(
        /Sync\.gives_up gave up on event .* \(kept as failed: replay\(\) or discard\(\) it\)/,
      ),
    ).toHaveLength(1);
    expect((await app.deliver(event)).body).toBe('Already processed');
    expect(Sync.runs).toHaveLength(2);
    await app.close();
  });

  it('lets a resend run only the handlers that gave up, once they are replayed', async () => {
    const { app, service, store } = await start();
    const event = anEvent();
    Sync.act = giveUp('no tenant');
    await app.deliver(event);
    Sync.act = succeed;
    const counts = await Promise.all([1, 2, 3].map(() => service.replay(event.id)));
    expect(counts.sort()).toEqual([0, 0, 1]);
    expect(Sync.runs).toEqual([`finishes ${event.id}`, `gives_up ${event.id}`]);
    expect((await service.failed()).events).toEqual([]);
    const other = await start({}, store); // Another process.
    expect((await other.app.deliver(event)).body).toBe('OK');
    expect(Sync.runs).toEqual([`gives_up ${event.id}`]);
    expect((await app.deliver(event)).body).toBe('Already processed');
    expect(await service.replay(event.id)).toBe(0);
    await Promise.all([app.close(), other.app.close()]);
  });

  it.each([{ payloads: false }, { payloads: true }])(
    'changes nothing by a replay that comes too late, also where the sender still has to retry: %o',
    async (failed) => {
      const { app, service, store } = await start(failed);
      const { failures } = store as IdempotencyStore & Required<Pick<IdempotencyStoreExtras, 'failures'>>;
      const event = anEvent();
      Sync.act = giveUp('no tenant');
      Sync.first = () => {
        throw new Error('the mail server is away');
      };
      expect((await app.deliver(event)).status).toBe(500);
      Sync.act = succeed;

      const gate = new Gate();
      const of = failures.of.bind(failures);
      const slow = vi.spyOn(failures, 'of').mockImplementationOnce(async (...args) => {
        const seen = await of(...args);
        await gate.pass();
        return seen;
      });
      const late = service.replay(event.id);
      await gate.reached;
      expect(await service.replay(event.id)).toBe(1);
      gate.release();
      expect(await late).toBe(0);
      slow.mockRestore();

      Sync.first = succeed;
      expect((await app.deliver(event)).body).toBe('OK');
      const runs = [`finishes ${event.id}`, `gives_up ${event.id}`];
      expect(Sync.runs).toEqual([...runs, ...(failed.payloads ? runs.reverse() : runs)]);
      await app.close();
    },
  );

  it('runs the handlers that gave up now, once, if the payload is kept', async () => {
    const { app, service } = await start({ payloads: true });
    const event = anEvent();
    Sync.act = giveUp('no tenant');
    await app.deliver(event);
    Sync.runs = [];
    const gate = new Gate();
    const contexts: ScalekitEventContext[] = [];
    Sync.act = async (context) => {
      contexts.push(context);
      await gate.pass();
    };
    const first = service.replay(event.id);
    await gate.reached;
    expect(await Promise.all([service.replay(event.id), service.replay(event.id, { all: true })])).toEqual([
      0, 0,
    ]);
    expect((await app.deliver(event)).status).toBe(409);
    gate.release();
    expect(await first).toBe(1);
    expect(Sync.runs).toEqual([`gives_up ${event.id}`]);
    expect(contexts[0]).toMatchObject({ endpoint: 'default', scheme: 'standard' });
    expect(JSON.parse(Buffer.from(contexts[0]?.rawBody ?? []).toString())).toEqual(event);
    expect((await service.failed()).events).toEqual([]);
    expect((await app.deliver(event)).body).toBe('Already processed');
    expect(await service.replay(event.id)).toBe(0);
    await app.close();
  });

  it('runs all handlers for a replay of all', async () => {
    const { app, service } = await start({ payloads: true });
    const event = anEvent();
    Sync.act = giveUp('no tenant');
    await app.deliver(event);
    Sync.act = succeed;
    expect(await service.replay(event.id, { all: true })).toBe(2);
    expect(Sync.runs.slice(2).sort()).toEqual([`finishes ${event.id}`, `gives_up ${event.id}`]);
    await app.close();
  });

  it('keeps a handler that fails in a replay as failed, with the new reason', async () => {
    const { app, service } = await start({ payloads: true });
    const event = anEvent();
    Sync.act = giveUp('no tenant');
    await app.deliver(event);
    for (const error of [
      new Error('still none'),
      new RetryLaterError(5),
      new UnrecoverableEventError('never'),
    ]) {
      Sync.act = () => {
        throw error;
      };
      expect(await service.replay(event.id)).toBe(1);
      expect((await service.failed()).events).toMatchObject([{ eventId: event.id, reason: error.message }]);
      expect((await app.deliver(event)).body).toBe('Already processed');
    }
    await app.close();
  });

  it.each([false, true])('leaves to the retry what only failed (payloads kept: %s)', async (payloads) => {
    const { app, service } = await start({ payloads });
    const event = anEvent();
    Sync.first = () => {
      throw new Error('database away');
    };
    Sync.act = giveUp('no tenant');
    expect((await app.deliver(event)).status).toBe(500);
    Sync.first = Sync.act = succeed;
    Sync.runs = [];
    expect(await service.replay(event.id)).toBe(1);
    expect(Sync.runs).toEqual(payloads ? [`gives_up ${event.id}`] : []);
    expect((await app.deliver(event)).body).toBe('OK');
    expect(Sync.runs.sort()).toEqual([`finishes ${event.id}`, `gives_up ${event.id}`]);
    expect((await app.deliver(event)).body).toBe('Already processed');
    await app.close();
  });

  it('forgets what is discarded, and the event stays done', async () => {
    const { app, service } = await start({ payloads: true });
    const event = anEvent();
    Sync.act = giveUp('no tenant');
    await app.deliver(event);
    expect(await service.discard(event.id)).toBe(1);
    expect(await service.discard(event.id)).toBe(0);
    expect((await service.failed()).events).toEqual([]);
    expect(await service.replay(event.id)).toBe(0);
    expect((await app.deliver(event)).body).toBe('Already processed');
    await app.close();
  });

  it('keeps no more than it is told, and gives them page by page', async () => {
    const { app, service } = await start({ keep: 3 });
    Sync.act = giveUp('no tenant');
    const events = Array.from({ length: 5 }, () => anEvent());
    for (const event of events) {
      await app.deliver(event);
    }
    const first = await service.failed({ limit: 2 });
    const second = await service.failed({ limit: 2, cursor: first.cursor });
    expect([...first.events, ...second.events].map(({ eventId }) => eventId)).toEqual(
      events.slice(2).map(({ id }) => id),
    );
    expect(second.cursor).toBeUndefined();
    await expect(service.failed({ cursor: "x'; --" })).rejects.toThrow(RangeError);
    await app.close();
  });
}
