import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CATCH_UP_CHANNEL,
  type CatchUpMessage,
  type CatchUpOptions,
  type CatchUpProgress,
  type CatchUpReport,
  EventContext,
  MemoryIdempotencyStore,
  OnScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventContext,
  ScalekitWebhookHealthIndicator,
  ScalekitWebhookService,
} from '../../lib/index.js';
import { EventList } from '../../lib/catch-up/event-list.js';
import { bodyOf } from '../../lib/catch-up/events-client.js';
import type { BeginOptions, BeginResult } from '../../lib/idempotency/idempotency-store.js';
import { EventLog, EventsApi, type LoggedEvent, momentOf } from '../support/events-api.js';
import { InspectorReader, startInspected } from '../support/inspector-app.js';
import { LifecycleMessages } from '../support/lifecycle-messages.js';
import { RegisteredTelemetry } from '../support/open-telemetry.js';
import { WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ENVIRONMENT = 'env_1';

let lastId = 0;

/** An event of the log, so many milliseconds ago. */
function logged(ago: number, fields: Partial<LoggedEvent> = {}): LoggedEvent {
  const id = `evt_${String(++lastId).padStart(6, '0')}`;
  return {
    id,
    type: 'user.created',
    occurredAt: momentOf(Date.now() - ago, 123_456),
    environmentId: ENVIRONMENT,
    organizationId: 'org_1',
    object: 5,
    data: { id: `usr_${lastId}`, email: `person-${lastId}@example.com`, nested: { b: 1, a: [null, 1.5] } },
    displayName: 'User Created',
    specVersion: '1',
    ...fields,
  };
}

interface Seen {
  readonly event: ScalekitEvent;
  readonly context: ScalekitEventContext;
}

class Handling {
  readonly seen: Seen[] = [];
  fail: (event: ScalekitEvent) => unknown = () => undefined;

  get ids(): string[] {
    return this.seen.map(({ event }) => event.id);
  }

  provider() {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const handling = this;
    @Injectable()
    class Users {
      @OnScalekitEvent('user.created')
      async created(event: ScalekitEvent, @EventContext() context: ScalekitEventContext) {
        await handling.fail(event);
        handling.seen.push({ event, context });
      }
    }
    return Users;
  }
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  vi.useRealTimers();
});

async function startApi(log = new EventLog()): Promise<EventsApi> {
  const api = await EventsApi.start(log);
  closing.push(() => api.stop());
  return api;
}

async function startApp(
  handling: Handling,
  catchUp: CatchUpOptions,
  webhook: Partial<NonNullable<WebhookAppSetup['webhook']>> = {},
): Promise<WebhookApp & { readonly service: ScalekitWebhookService }> {
  const server = await WebhookApp.start({
    providers: [handling.provider()],
    webhook: { catchUp, ...webhook },
  });
  let isOpen = true;
  closing.push(async () => {
    if (isOpen) {
      await server.close();
    }
  });
  return Object.assign(server, {
    service: server.app.get(ScalekitWebhookService, { strict: false }),
    close: async () => {
      isOpen = false;
      await server.app.close();
    },
  });
}

/** The same event, as the sender delivers it. */
async function deliver(server: WebhookApp, event: LoggedEvent, change: object = {}): Promise<number> {
  const { status } = await server.deliver({ ...(JSON.parse(bodyOf(event).toString()) as object), ...change });
  return status;
}

const since = (ago: number) => new Date(Date.now() - ago);

describe('catching up', () => {
  let api: EventsApi;
  beforeAll(() => {
    lastId = 0;
  });

  it('hands on what never came by webhook, oldest first and once, as its webhook would have been', async () => {
    api = await startApi();
    const handling = new Handling();
    const first = logged(30 * MINUTE);
    const events = [first, ...Array.from({ length: 9 }, (_, n) => logged((20 - n) * MINUTE))];
    const delivered = events.filter((_, index) => [1, 4, 6, 7].includes(index));
    api.log.add(...[...events].reverse(), logged(5 * MINUTE, { type: 'user.deleted' }));
    const server = await startApp(
      handling,
      { client: api.client(), every: 0 },
      { environmentId: ENVIRONMENT },
    );
    for (const event of delivered) {
      expect(await deliver(server, event)).toBe(200);
    }
    const report = await server.service.catchUp({ since: since(HOUR) });
    expect(report).toMatchObject({
      ids: 'proven',
      dryRun: false,
      listed: 10,
      received: 4,
      caughtUp: 6,
      failed: 0,
    });
    const missed = events.filter((event) => !delivered.includes(event));
    expect(handling.ids.slice(4)).toEqual(missed.map(({ id }) => id));
    expect(api.log.calls.every(({ filter }) => filter.eventTypes?.join() === 'user.created')).toBe(true);

    const caught = handling.seen.find(({ event }) => event.id === first.id);
    const event = caught?.event;
    expect(event).toEqual(JSON.parse(bodyOf(first).toString()));
    expect(event).toMatchObject({ object: 'User', environment_id: ENVIRONMENT, spec_version: '1' });
    expect(String(event?.occurred_at)).toMatch(/\.\d{3}123456Z$/);
    expect(caught?.context).toMatchObject({
      source: 'catch-up',
      scheme: undefined,
      deliveryId: first.id,
      attempt: 1,
    });
    expect(handling.seen[0]?.context).toMatchObject({ source: 'webhook', scheme: 'standard' });

    expect(await server.service.catchUp({ since: since(HOUR) })).toMatchObject({ caughtUp: 0 });
    const late = await server.deliver({ ...(JSON.parse(bodyOf(first).toString()) as object) });
    expect(late).toMatchObject({ status: 200, body: 'Already processed' });
    expect(handling.seen).toHaveLength(10);
    expect(server.logs.matching(/id_reused/)).toEqual([]);
  });

  it('only reports until an event that came by webhook is in the list', async () => {
    api = await startApi();
    const handling = new Handling();
    const [missed, delivered] = [logged(20 * MINUTE), logged(10 * MINUTE)];
    api.log.add(missed);
    const server = await startApp(handling, { client: api.client(), every: 0 });
    const first = await server.service.catchUp({ since: since(HOUR) });
    expect(first).toMatchObject({
      dryRun: true,
      ids: 'unproven',
      listed: 1,
      caughtUp: 0,
      missed: { total: 1 },
    });
    expect(server.logs.matching(/1 of 1 events in the list are not known here/)).toHaveLength(1);
    await deliver(server, delivered);
    // The log has it later than the sender.
    expect(await server.service.catchUp({ since: since(HOUR) })).toMatchObject({
      ids: 'unproven',
      caughtUp: 0,
    });
    api.log.add(delivered);
    expect(await server.service.catchUp({ since: since(HOUR) })).toMatchObject({
      ids: 'proven',
      caughtUp: 1,
    });
    expect(handling.ids).toEqual([delivered.id, missed.id]);
  });

  it.each([
    [
      'other data',
      (event: LoggedEvent) => ({ ...event, data: { ...event.data, email: 'other' } }),
      'other data',
    ],
    ['another id', (event: LoggedEvent) => ({ ...event, id: 'evt_other' }), 'is not in the list'],
  ])('stops where the list has %s', async (_, change, message) => {
    api = await startApi();
    const handling = new Handling();
    const [missed, delivered] = [logged(2 * HOUR), logged(90 * MINUTE)];
    api.log.add(missed, change(delivered));
    const server = await startApp(handling, { client: api.client(), every: 0, overlap: 60 });
    await deliver(server, delivered);
    // The list has had time enough.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * MINUTE });
    await expect(server.service.catchUp({ since: since(3 * HOUR) })).rejects.toMatchObject({
      code: 'events_differ',
      message: expect.stringContaining(message) as string,
    });
    const report = await server.service.catchUp({ since: since(3 * HOUR), dryRun: true });
    expect(report).toMatchObject({ ids: 'differ', dryRun: true });
    expect(handling.ids).toEqual([delivered.id]);

    const sure = await startApp(handling, { client: api.client(), every: 0, assumeSameIds: true });
    expect(await sure.service.catchUp({ since: since(3 * HOUR) })).toMatchObject({
      ids: 'assumed',
      caughtUp: 2,
    });
  });

  it('reports what was received, what was missed and what is only here, and changes nothing', async () => {
    api = await startApi();
    const handling = new Handling();
    const store = new MemoryIdempotencyStore();
    const [received, missed, foreign] = [
      logged(HOUR),
      logged(2 * HOUR),
      logged(26 * HOUR, { organizationId: 'org_2' }),
    ];
    const onlyHere = logged(90 * MINUTE);
    api.log.add(received, missed, foreign);
    const server = await startApp(
      handling,
      { client: api.client(), every: 0, overlap: 60 },
      { idempotency: { store } },
    );
    await deliver(server, received);
    await server.service.catchUp({ since: since(MINUTE * 5) });
    await deliver(server, onlyHere);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR });
    await deliver(server, received);
    const size = store.size;
    const report = await server.service.catchUp({ since: since(30 * 24 * HOUR), dryRun: true });
    expect(report).toMatchObject<Partial<CatchUpReport>>({
      dryRun: true,
      listed: 3,
      received: 1,
      missed: {
        total: 2,
        byType: { 'user.created': 2 },
        byOrganization: { org_1: 1, org_2: 1 },
        byDay: expect.any(Object) as never,
      },
      caughtUp: 0,
    });
    expect(Object.values(report.missed.byDay).reduce((a, b) => a + b, 0)).toBe(2);
    expect(store.size).toBe(size);
    expect(handling.ids).toEqual([received.id, onlyHere.id]);
  });

  it.each([
    { includesEnds: true, tokensLiveFor: Infinity },
    { includesEnds: false, tokensLiveFor: Infinity },
    { includesEnds: true, tokensLiveFor: 7 },
  ])('takes thousands of events in windows, many in one second (%j)', async (options) => {
    api = await startApi(new EventLog(options));
    const handling = new Handling();
    const crowded = Math.floor(Date.now() / 1_000) * 1_000 - 10 * HOUR;
    const events = [
      ...Array.from({ length: 1_500 }, (_, n) => logged(20 * HOUR - n * 10_000)),
      ...Array.from({ length: 700 }, (_, n) => logged(0, { occurredAt: momentOf(crowded + (n % 2), n % 3) })),
      logged(0, { occurredAt: momentOf(crowded + 1_000) }),
      logged(0, { occurredAt: momentOf(crowded - 1_000) }),
    ];
    api.log.add(...events);
    const server = await startApp(handling, { client: api.client(), every: 0, assumeSameIds: true });
    const report = await server.service.catchUp({ since: since(24 * HOUR) });
    expect(report).toMatchObject({ listed: events.length, caughtUp: events.length, received: 0 });
    expect(new Set(handling.ids).size).toBe(events.length);
    // Within a crowded second, they come as the API lists them.
    const times = handling.seen.map(({ context }) =>
      Math.floor((context.occurredAt?.getTime() ?? 0) / 2_000),
    );
    expect(times.every((time, index) => time >= (times[index - 1] ?? time) - 1)).toBe(true);
    expect(report.calls).toBeLessThan(250);
  });

  it('waits where the API is asked too often, and goes on after faults', async () => {
    api = await startApi();
    const handling = new Handling();
    const events = Array.from({ length: 150 }, (_, n) => logged(HOUR - n * 1_000));
    api.log.add(...events);
    api.log.faults.push(
      new ConnectError('slow down', Code.ResourceExhausted),
      undefined,
      new ConnectError('oops', Code.Internal),
      new ConnectError('slow down', Code.ResourceExhausted),
    );
    const waits: number[] = [];
    const server = await startApp(handling, { client: api.client(), every: 0, assumeSameIds: true });
    quicken(server, waits);
    expect(await server.service.catchUp({ since: since(2 * HOUR) })).toMatchObject({ caughtUp: 150 });
    expect(waits).toHaveLength(3);
    const shortest = [30_000, 1_000, 60_000];
    expect(waits.every((ms, n) => ms >= (shortest[n] ?? 0) && ms <= 1.4 * (shortest[n] ?? 0))).toBe(true);
  });

  it('ends a run where pages of the list repeat for ever, and hands on what it lists where pages are empty', async () => {
    const handling = new Handling();
    const event = logged(HOUR);
    const pages: [string, readonly LoggedEvent[], string][] = [
      ['', [], 'a'],
      ['a', [event], 'b'],
      ['b', [], 'c'],
      ['c', [], ''],
    ];
    const listEventsPaginated = (_size: number, token: string) => {
      const [, events, nextPageToken] = pages.find(([at]) => at === token) ?? ['', [], ''];
      return Promise.resolve({ events, nextPageToken });
    };
    const client = { events: { listEventsPaginated } };
    const server = await startApp(handling, { client, every: 0, assumeSameIds: true });
    expect(await server.service.catchUp({ since: since(2 * HOUR) })).toMatchObject({ caughtUp: 1 });
    pages[3] = ['c', [], 'b'];
    await expect(server.service.catchUp({ since: since(3 * HOUR) })).rejects.toMatchObject({
      code: 'events_unavailable',
      message: expect.stringMatching(/again and again: its list has no end/) as string,
    });
    expect(handling.ids).toEqual([event.id]);
    for (const repeated of [[], [event]]) {
      let calls = 0;
      client.events.listEventsPaginated = () =>
        Promise.resolve({ events: repeated, nextPageToken: String(++calls) });
      await expect(server.service.catchUp({ since: since(3 * HOUR) })).rejects.toMatchObject({
        code: 'events_unavailable',
      });
    }
  });

  it('reads what a client of the user’s own gives, and refuses what is no event', async () => {
    const handling = new Handling();
    const at = (seconds: unknown) => ({ occurredAt: { seconds } }) as Partial<LoggedEvent>;
    const [unixSeconds, noTime, tooLate, large, last] = [
      logged(HOUR, at(Math.floor(Date.now() / 1_000) - 3_600)),
      logged(HOUR, { occurredAt: 'yesterday' as never }),
      logged(HOUR, at(10n ** 15n)),
      logged(HOUR, { data: { count: 12n } }),
      logged(MINUTE * 10),
    ];
    const odd = [
      null,
      { ...logged(HOUR), id: undefined },
      { ...logged(HOUR), type: undefined },
      logged(HOUR, { id: 5 as never }),
    ];
    const events = [last, ...odd, unixSeconds, noTime, tooLate, large] as LoggedEvent[];
    const client = { events: { listEventsPaginated: () => Promise.resolve({ events } as never) } };
    const server = await startApp(handling, { client, every: 0, assumeSameIds: true });
    const report = await server.service.catchUp({ since: since(2 * HOUR) });
    expect(report).toMatchObject({ caughtUp: 5, refused: 2 }); // Nobody listens to no type.
    const good = [unixSeconds, noTime, tooLate, large, last].map(({ id }) => id);
    expect([...handling.ids].sort()).toEqual(good.sort());
    client.events.listEventsPaginated = () => Promise.resolve(undefined as never);
    quicken(server, []);
    await expect(server.service.catchUp({ since: since(3 * HOUR) })).rejects.toMatchObject({
      code: 'events_unavailable',
      message: expect.stringContaining('did not return { events, nextPageToken }') as string,
    });
  });

  it('rejects with the reason of its signal, also while it waits for the API', async () => {
    const stop = new AbortController();
    const client = {
      events: {
        listEventsPaginated: () => {
          setImmediate(() => stop.abort(new Error('enough')));
          return Promise.reject(new Error('down'));
        },
      },
    };
    const server = await startApp(new Handling(), { client, every: 0, assumeSameIds: true });
    await expect(server.service.catchUp({ since: since(HOUR), signal: stop.signal })).rejects.toThrow(
      /^enough$/,
    );
  });

  it('skips nothing after a process whose clock was ahead', async () => {
    api = await startApi();
    const handling = new Handling();
    const server = await startApp(handling, { client: api.client(), every: 0, assumeSameIds: true });
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(now + 48 * HOUR);
    await server.service.catchUp();
    vi.setSystemTime(now);
    await server.service.catchUp();
    for (const hours of [6, 12, 18]) {
      vi.setSystemTime(now + hours * HOUR);
      const missed = logged(4 * HOUR);
      api.log.add(missed);
      expect(await server.service.catchUp()).toMatchObject({ caughtUp: 1 });
    }
    expect(handling.ids).toHaveLength(3);
  });

  it('takes as since a Date in the past and nothing else, and needs none for a report', async () => {
    api = await startApi();
    const server = await startApp(new Handling(), { client: api.client(), every: 0, assumeSameIds: true });
    for (const wrong of ['2026-11-01', 0, null, new Date(NaN), new Date(Date.now() + HOUR)]) {
      for (const dryRun of [true, false]) {
        await expect(server.service.catchUp({ since: wrong as Date, dryRun })).rejects.toThrow(
          'since must be a Date in the past',
        );
      }
    }
    expect(await server.service.catchUp({ dryRun: true })).toMatchObject({ dryRun: true, listed: 0 });
  });

  it('says what is wrong with the credentials, and that nothing was handed on', async () => {
    api = await startApi();
    const server = await startApp(new Handling(), {
      client: api.client('wrong'),
      every: 0,
      assumeSameIds: true,
    });
    quicken(server, []);
    await expect(server.service.catchUp({ since: since(HOUR) })).rejects.toMatchObject({
      code: 'events_refused',
      message: expect.stringMatching(/client's environment URL, id and secret/) as string,
    });
  });

  it('catches up by itself in one process of several, and goes on where it ended', async () => {
    api = await startApi();
    const store = new MemoryIdempotencyStore();
    const handling = new Handling();
    const events = Array.from({ length: 20 }, (_, n) => logged((30 - n) * MINUTE));
    api.log.add(...events);
    const catchUp = { client: api.client(), every: 10, since: since(HOUR), assumeSameIds: true };
    const told: CatchUpMessage[] = [];
    const listen = (message: unknown) => told.push(message as CatchUpMessage);
    subscribe(CATCH_UP_CHANNEL, listen);
    closing.push(() => Promise.resolve(void unsubscribe(CATCH_UP_CHANNEL, listen)));
    const servers = await Promise.all(
      [1, 2, 3].map(() => startApp(handling, catchUp, { idempotency: { store, leaseMs: 60_000 } })),
    );
    await vi.waitFor(() => expect(handling.ids).toEqual(events.map(({ id }) => id)), 20_000);
    await vi.waitFor(() => {
      const lines = servers.flatMap(({ logs }) => logs.matching(/caught up 20 of 20 events/));
      expect(lines).toHaveLength(1);
    }, 20_000);
    expect(told[0]).toMatchObject({ endpoint: 'default', stage: 'ended', report: { caughtUp: 20 } });
    const calls = api.log.calls.length;
    const untils: number[] = [];
    const options = { onProgress: ({ until }: CatchUpProgress) => untils.push(until.getTime()) };
    const answers = await Promise.allSettled(servers.map(({ service }) => service.catchUp(options)));
    const leader = servers[answers.findIndex(({ status }) => status === 'fulfilled')];
    expect(answers.find(({ status }) => status === 'fulfilled')).toMatchObject({ value: { caughtUp: 0 } });
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject(
      Array(2).fill({
        reason: { code: 'catch_up_running', message: expect.stringContaining('`every` over 0') as string },
      }),
    );
    expect(untils).not.toEqual([]);
    await expect(
      leader?.service.catchUp({ signal: AbortSignal.abort(new Error('stopped')) }),
    ).rejects.toThrow('stopped');
    expect(api.log.calls.length).toBeLessThanOrEqual(calls + 5);
    // The lease that is held between runs is no work.
    const health = await leader?.app
      .get(ScalekitWebhookHealthIndicator, { strict: false })
      .isHealthy('webhooks', { maxClaimMs: 0 });
    expect(health).toMatchObject({ webhooks: { status: 'up', runningClaims: 0, oldestClaimMs: 0 } });
    for (const server of servers) {
      await server.close();
    }
    // The lease is free again, and nothing is handled twice.
    const next = await startApp(handling, { ...catchUp, every: 0 }, { idempotency: { store } });
    api.log.add(logged(3 * MINUTE));
    expect(await next.service.catchUp()).toMatchObject({ listed: 21, caughtUp: 1 });
    expect(handling.ids).toHaveLength(21);
  });

  it('comes back to events whose handlers failed, and keeps those that fail to the end', async () => {
    api = await startApi();
    const handling = new Handling();
    const [poison, flaky, fine] = [logged(40 * MINUTE), logged(30 * MINUTE), logged(20 * MINUTE)];
    api.log.add(poison, flaky, fine);
    let failures = 1;
    const store = new BusyStore();
    let tries = 0;
    handling.fail = ({ id, data }) => {
      if (id === poison.id || (id === flaky.id && failures-- > 0)) {
        // The sender's own attempt begins as the last try ends.
        store.isBusy = id === poison.id && ++tries === 7;
        throw new Error(`no mailbox for ${(data as { email: string }).email}`);
      }
    };
    const server = await startApp(
      handling,
      { client: api.client(), every: 0, since: since(HOUR), assumeSameIds: true },
      { idempotency: { store } },
    );
    vi.useFakeTimers({ toFake: ['Date'] });
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 1, failed: 2 });
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 0, failed: 0, waiting: 2 });
    vi.setSystemTime(Date.now() + 6 * MINUTE);
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 1, failed: 1 });
    let last: CatchUpReport | undefined;
    for (let run = 0; run < 5; run++) {
      vi.setSystemTime(Date.now() + 11 * HOUR);
      last = await server.service.catchUp();
    }
    expect([tries, last]).toMatchObject([7, { failed: 0, waiting: 1 }]);
    expect((await server.service.failed()).events).toEqual([]);
    vi.setSystemTime(Date.now() + MINUTE);
    expect(await server.service.catchUp()).toMatchObject({ failed: 1, waiting: 0 });
    const { events } = await server.service.failed();
    const reason = expect.stringContaining('no mailbox for') as string;
    expect(events).toMatchObject([{ eventId: poison.id, handler: 'Users.created', reason }]);
    expect(server.logs.everything.filter((line) => line.includes('@example.com'))).toEqual([]);
    expect(server.logs.matching(new RegExp(`Gave up on event ${poison.id} .* after 7 tries`))).toHaveLength(
      1,
    );
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 0, failed: 0, waiting: 0 });
    expect(handling.ids).toEqual([fine.id, flaky.id]);
  });

  it('keeps as failed what failed and is no longer in the list, and a resend after replay() handles it', async () => {
    api = await startApi();
    const handling = new Handling();
    const lost = logged(30 * MINUTE);
    api.log.add(lost);
    handling.fail = () => {
      throw new Error('no database');
    };
    const server = await startApp(
      handling,
      { client: api.client(), every: 0, since: since(HOUR), assumeSameIds: true },
      { idempotency: { failed: { payloads: true } } },
    );
    vi.useFakeTimers({ toFake: ['Date'] });
    expect(await server.service.catchUp()).toMatchObject({ failed: 1 });
    api.log.remove(lost);
    for (let run = 0; run < 6; run++) {
      expect((await server.service.failed()).events).toEqual([]);
      vi.setSystemTime(Date.now() + 11 * HOUR);
      await server.service.catchUp();
    }
    const reason = 'it is no longer in the list.';
    const { events } = await server.service.failed();
    expect(events).toMatchObject([{ eventId: lost.id, handler: 'Users.created', reason }]);
    handling.fail = () => undefined;
    expect(await server.service.replay(lost.id)).toBe(1);
    expect(handling.ids).toEqual([]);
    expect(await deliver(server, lost)).toBe(200);
    expect(handling.ids).toEqual([lost.id]);
  });

  it('shows how it goes: in health, in metrics, on the channel of deliveries and in the log', async () => {
    const telemetry = new RegisteredTelemetry();
    const messages = new LifecycleMessages();
    closing.push(async () => {
      messages.stop();
      await telemetry.close();
    });
    api = await startApi();
    const handling = new Handling();
    const [missed, failing] = [logged(30 * MINUTE), logged(20 * MINUTE)];
    api.log.add(missed, failing);
    handling.fail = ({ id }) => {
      if (id === failing.id) {
        throw new Error('no database');
      }
    };
    const server = await startApp(handling, {
      client: api.client(),
      every: 3_600,
      since: since(HOUR),
      assumeSameIds: true,
    });
    const endpoint = { 'messaging.destination.name': 'default' };
    const outcome = (name: string) => ({ ...endpoint, 'scalekit.catch_up.outcome': name });
    await vi.waitFor(
      async () =>
        expect(await telemetry.points('scalekit_webhooks.catch_up.runs')).toEqual([
          [outcome('completed'), 1],
        ]),
      20_000,
    );
    expect(await telemetry.points('scalekit_webhooks.catch_up.events')).toEqual([
      [outcome('caught_up'), 1],
      [outcome('failed'), 1],
    ]);
    const scraped = await telemetry.scrape();
    const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    const used = dashboard.replaceAll('(_seconds)?', '').match(/\bscalekit_\w*catch_up_\w+/g) ?? [];
    expect(new Set(used).size).toBe(3);
    expect(used.filter((name) => !new RegExp(`\\b${name}\\b`).test(scraped))).toEqual([]);
    const [[of, lag] = []] = await telemetry.points('scalekit_webhooks.catch_up.lag');
    expect(of).toEqual(endpoint);
    expect(lag).toBeGreaterThanOrEqual(120); // The sender is left two minutes.
    expect(lag).toBeLessThan(180);
    const health = await server.app
      .get(ScalekitWebhookHealthIndicator, { strict: false })
      .isHealthy('webhooks');
    expect(health.webhooks).toMatchObject({ status: 'up', catchUp: 'caught up' });
    expect(health.webhooks.catchUpLagMs).toBeGreaterThanOrEqual(120_000);
    expect(messages.delivery('answered')).toMatchObject([
      { eventId: missed.id, source: 'catch-up', outcome: 'handled' },
      { eventId: failing.id, source: 'catch-up', outcome: 'failed' },
    ]);
    expect(messages.delivery('answered').filter((each) => 'scheme' in each && each.scheme)).toEqual([]);
    const counted = await telemetry.points('scalekit_webhooks.deliveries');
    expect(counted).toHaveLength(2);
    expect(counted[0]?.[0]).toMatchObject({ 'scalekit.delivery.source': 'catch-up' });
    expect(await telemetry.points('scalekit_webhooks.answer.duration')).toEqual([]);
    const line = new RegExp(`${missed.id} user.created \\(catch-up\\) → Users.created`);
    expect(server.logs.debugLines.filter((each) => line.test(each))).toHaveLength(1);
  });

  it('shows in the inspector what it handed on, and how it goes', async () => {
    api = await startApi();
    const missed = logged(30 * MINUTE);
    api.log.add(missed);
    const server = await startInspected({
      providers: [new Handling().provider()],
      webhook: { catchUp: { client: api.client(), every: 3_600, since: since(HOUR), assumeSameIds: true } },
    });
    closing.push(() => server.close());
    const page = await InspectorReader.open(`${server.url}/webhooks/inspector/api/entries`);
    closing.push(() => {
      page.close();
      return Promise.resolve();
    });
    await vi.waitFor(
      () =>
        expect(page.deliveries).toMatchObject([
          { eventId: missed.id, source: 'catch-up', outcome: 'handled' },
        ]),
      20_000,
    );
    expect(page.calls).toMatchObject([{ eventId: missed.id, stage: 'completed' }]);
    await vi.waitFor(async () => {
      const response = await fetch(`${server.url}/webhooks/inspector/api/state`);
      expect(await response.json()).toMatchObject({
        endpoints: [
          {
            catchUp: { status: 'caught up', handled: 1 },
            receivedTypes: { 'user.created': 1 },
            seenSchemes: {},
          },
        ],
      });
    }, 20_000);
  });

  it('goes on when another process has taken its lease, and a shutdown does not wait for what is lost', async () => {
    api = await startApi();
    const store = new TakenStore();
    const server = await startApp(
      new Handling(),
      { client: api.client(), every: 86_400, assumeSameIds: true },
      { idempotency: { store, leaseMs: 100 }, shutdownTimeoutMs: 600_000 },
    );
    await vi.waitFor(() => expect(store.renewals).toBe(1), 20_000);
    await server.close();
    expect(store.renewals).toBe(1);
  });

  it('retries what is unfinished, however much that is', async () => {
    api = await startApi();
    const handling = new Handling();
    const store = new MemoryIdempotencyStore();
    const [one, other, fresh] = [logged(3 * HOUR), logged(150 * MINUTE), logged(30 * MINUTE)];
    api.log.add(one, other, fresh);
    const begin = Math.floor(since(HOUR).getTime() / 1_000);
    const unfinished = [
      ...[one, other].map(({ id, occurredAt }) => ({ id, at: Number(occurredAt.seconds), notBefore: 0 })),
      ...Array.from({ length: 999 }, (_, n) => ({ id: `evt_later_${n}`, at: begin, notBefore: 9e15 })),
    ].map((entry) => ({ ...entry, type: 'user.created', tries: 1 }));
    const progress = { floor: begin, watermark: begin, unfinished };
    store.catchUp.replace('default\nprogress', undefined, JSON.stringify(progress));
    const server = await startApp(
      handling,
      { client: api.client(), every: 0, assumeSameIds: true },
      { idempotency: { store } },
    );
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 3 });
    expect(handling.ids).toEqual([one.id, other.id, fresh.id]);
  });

  it('skips nothing after events without a time', async () => {
    const handling = new Handling();
    const store = new MemoryIdempotencyStore();
    const late = logged(30 * MINUTE);
    const timeless = Array.from({ length: 10 }, () => ({ ...logged(0), occurredAt: undefined }));
    let isDown = true;
    handling.fail = () => {
      if (isDown) {
        throw new Error('no database');
      }
    };
    const listEventsPaginated = () => Promise.resolve({ events: [late, ...timeless], nextPageToken: '' });
    const server = await startApp(
      handling,
      {
        client: { events: { listEventsPaginated } },
        every: 0,
        since: since(HOUR),
        overlap: 60,
        assumeSameIds: true,
      },
      { idempotency: { store } },
    );
    await expect(server.service.catchUp()).rejects.toMatchObject({ code: 'catch_up_interrupted' });
    isDown = false;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * MINUTE });
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 11 });
    expect(handling.ids).toContain(late.id);
  });

  it('says once that events are too old', async () => {
    api = await startApi();
    const server = await startApp(new Handling(), {
      client: api.client(),
      every: 0,
      since: since(HOUR),
      maxAge: 600,
    });
    vi.useFakeTimers({ toFake: ['Date'] });
    for (let run = 0; run < 3; run++) {
      await server.service.catchUp();
      vi.setSystemTime(Date.now() + MINUTE);
    }
    expect(server.logs.matching(/are not caught up: they are older than maxAge/)).toHaveLength(1);
  });

  it('leaves no timer behind when it ends while the API hangs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stop = new AbortController();
    const hangs = { events: { listEventsPaginated: () => new Promise<never>(() => undefined) } };
    const list = new EventList(hangs, { now: () => 0, wait: () => Promise.resolve() });
    const first = list.windows({ from: 0, to: 60, types: undefined, signal: stop.signal }).next();
    expect(vi.getTimerCount()).toBe(1);
    stop.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a run when everything fails, and goes on later', async () => {
    api = await startApi();
    const handling = new Handling();
    const events = Array.from({ length: 30 }, (_, n) => logged((50 - n) * MINUTE));
    api.log.add(...events);
    let isDown = true;
    handling.fail = () => {
      if (isDown) {
        throw new Error('no database');
      }
    };
    const server = await startApp(handling, {
      client: api.client(),
      every: 0,
      since: since(HOUR),
      assumeSameIds: true,
    });
    await expect(server.service.catchUp()).rejects.toMatchObject({ code: 'catch_up_interrupted' });
    isDown = false;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * MINUTE });
    expect(await server.service.catchUp()).toMatchObject({ caughtUp: 30 });
    expect(handling.ids.slice(0, 10)).toEqual(events.slice(0, 10).map(({ id }) => id));
  });

  it('refuses events of another environment, and handles the others', async () => {
    api = await startApi();
    const handling = new Handling();
    const [other, own] = [logged(40 * MINUTE, { environmentId: 'env_2' }), logged(30 * MINUTE)];
    api.log.add(other, own);
    const server = await startApp(
      handling,
      { client: api.client(), every: 0, since: since(HOUR), assumeSameIds: true },
      { environmentId: ENVIRONMENT },
    );
    expect(await server.service.catchUp()).toMatchObject({ listed: 2, refused: 1, caughtUp: 1 });
    expect(handling.ids).toEqual([own.id]);
  });

  it('imports the events of a new application, and refuses to by mistake', async () => {
    api = await startApi();
    const handling = new Handling();
    const events = Array.from({ length: 250 }, (_, n) => logged((60 - n / 5) * 24 * HOUR));
    api.log.add(...events);
    const server = await startApp(handling, { client: api.client(), every: 0, assumeSameIds: true });
    const old = since(61 * 24 * HOUR);
    await expect(server.service.catchUp({ since: old })).rejects.toThrow(/firstImport: true/);
    expect(await server.service.catchUp({ since: old, dryRun: true })).toMatchObject({
      forgotten: expect.any(Number) as number,
    });
    const stop = new AbortController();
    const untils: number[] = [];
    handling.fail = () => {
      if (handling.ids.length === 120) {
        stop.abort(new Error('stopped'));
      }
    };
    await expect(
      server.service.catchUp({ since: old, firstImport: true, signal: stop.signal }),
    ).rejects.toThrow('stopped');
    const half = handling.ids.length;
    const report = await server.service.catchUp({
      since: old,
      firstImport: true,
      onProgress: ({ until }) => untils.push(until.getTime()),
    });
    expect(half + report.caughtUp).toBe(250);
    expect(handling.ids).toEqual(events.map(({ id }) => id));
    expect(untils).toEqual([...untils].sort((a, b) => a - b));
    const again = await server.service.catchUp({ since: new Date(old.getTime() + HOUR), firstImport: true });
    expect(again.listed).toBe(0);
  });

  it('does not start with a store or a client that can not do it', async () => {
    const { error: noStore } = await WebhookApp.failToStart({
      webhook: {
        catchUp: { client: { events: { listEventsPaginated: () => Promise.reject(new Error('unused')) } } },
        idempotency: {
          store: {
            begin: () => ({ status: 'acquired', token: 1, attempt: 1, handlersDone: [] }),
            renew: () => true,
            handlerDone: () => true,
            complete: () => true,
            release: () => true,
          },
        },
      },
    });
    expect(noStore.message).toMatch(/catchUp needs a store that keeps how far it has come/);
    const { error } = await WebhookApp.failToStart({
      webhook: { catchUp: { client: {}, overlap: 1, types: ['user.*'] } as never },
    });
    expect(error.message).toMatch(/@scalekit-sdk\/node 2\.11\.0 or later/);
    const server = await WebhookApp.start();
    await expect(server.app.get(ScalekitWebhookService).catchUp()).rejects.toMatchObject({
      code: 'no_catch_up',
    });
    await server.close();
  });
});

/** Once, somebody else works on the event. */
class BusyStore extends MemoryIdempotencyStore {
  isBusy = false;

  override begin(key: string, options: BeginOptions): BeginResult {
    if (this.isBusy) {
      this.isBusy = false;
      return { status: 'in_progress', retryAfterMs: 1_000 };
    }
    return super.begin(key, options);
  }
}

/** Another process has the lease by the time it is to be renewed. */
class TakenStore extends MemoryIdempotencyStore {
  renewals = 0;

  override renew(): boolean {
    this.renewals++;
    return false;
  }
}

/** Waits of the run are noted, and take no time. */
function quicken(server: WebhookApp & { readonly service: ScalekitWebhookService }, waits: number[]): void {
  const { catchingUp } = server.service as unknown as {
    catchingUp: { parts: { catchUp: { parts: { clock: object } } } };
  };
  catchingUp.parts.catchUp.parts.clock = {
    now: () => Date.now(),
    wait: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}
