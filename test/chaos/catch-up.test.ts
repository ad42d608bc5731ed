import { afterEach, describe, expect, it, vi } from 'vitest';
import { EventLog, EventsApi, momentOf } from '../support/events-api.js';
import type { Fleet, KillPoint } from './fleet.js';
import { send } from './sender.js';
import { createdEvents, ENGINES, SECRET, World } from './world.js';

/** At each engine and each point. */
const DEATHS = Number(process.env.CATCH_UP_DEATHS ?? 1);
const EVENTS = 60 * DEATHS + 60;
const PATIENCE_MS = 240_000 + DEATHS * 60_000;
const MINUTE = 60_000;

/** Each step of catching up. Those that are passed at some 90 events are seldom left to its first ones, and never to none. */
const KILL_AT: Partial<Record<KillPoint, number>> = {
  'after-list': 0.5,
  'after-look': 1,
  'after-claim': 0.2,
  'after-effect': 0.2,
  'after-record': 0.2,
  'before-save': 1,
  'after-save': 1,
};

describe.each(ENGINES)('four processes that catch up and are killed at each step, %s', (engine) => {
  let world: World;
  let fleet: Fleet | undefined;
  let api: EventsApi | undefined;
  afterEach(async () => {
    await fleet?.stop();
    await api?.stop();
    await world.close();
  });

  it(
    'lose nothing, and start no handler that is done, while some events come by webhook, too',
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      const events = createdEvents(EVENTS, 'missed');
      const ids = events.map(({ id }) => id);
      const log = new EventLog();
      const start = Date.now() - 50 * MINUTE;
      log.add(
        ...events.map((event, index) => ({
          ...event,
          occurredAt: momentOf(start + (index * 40 * MINUTE) / EVENTS, index),
        })),
      );
      api = await EventsApi.start(log);
      const { url } = api;
      const { clientId, clientSecret } = EventsApi;
      const killAt = { ...KILL_AT, ...(/BullMQ|pg-boss/.test(engine) && { 'after-enqueue': 0.2 }) };
      const running = await world.startFleet(4, {
        leaseMs: 1_000,
        killAt,
        deathsAtEach: DEATHS,
        catchUp: { url, clientId, clientSecret, since: start - MINUTE },
      });
      fleet = running;
      await send({
        secret: SECRET,
        events: events.filter((_, index) => index % 4 === 0),
        copies: 1,
        withinMs: 3_000,
        url: () => running.anyone().url,
        patienceMs: PATIENCE_MS,
      });
      const points = Object.keys(killAt);
      await vi.waitFor(() => {
        const deaths = points.map((point) => `${point}: ${world.deathsAt(point)}`);
        expect(deaths).toEqual(points.map((point) => `${point}: ${DEATHS}`));
      }, PATIENCE_MS);
      const history = await world.whenQuiet(ids, PATIENCE_MS);

      console.log(
        `${engine}: ${running.kills} kills; ${history.starts} handler runs; ${log.calls.length} calls`,
      );
      expect(history.lost(ids, world.plainHandlers)).toEqual([]);
      expect(history.startedWhenDone(ids)).toEqual([]);
      expect(await world.notOnceInDatabase(ids)).toEqual([]);
    },
  );
});
