import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { EventLog, EventsApi, momentOf } from '../support/events-api.js';
import type { Fleet } from './fleet.js';
import { World } from './world.js';

const EVENTS = Number(process.env.OUTAGE_EVENTS ?? 3_000);
const THREE_DAYS = 3 * 24 * 3_600_000;
const PATIENCE_MS = 120_000 + EVENTS * 20;
/** What the listing of events may take, whatever their number, in MiB. */
const MOST_MEMORY = 150;

let world: World;
let fleet: Fleet | undefined;
let api: EventsApi | undefined;
afterEach(async () => {
  await fleet?.stop();
  await api?.stop();
  await world.close();
});

it(
  `catches up ${EVENTS} events of a three-day outage once, in bounded memory, by one process of four`,
  { timeout: 2 * PATIENCE_MS },
  async () => {
    world = await World.create('inline on Redis');
    const start = Date.now() - THREE_DAYS - 600_000;
    const log = new EventLog();
    const ids = Array.from({ length: EVENTS }, (_, index) => `evt_outage_${index}`);
    // Most of it in office hours, and some at the same moment.
    const timeOf = (index: number) => {
      const day = Math.floor((3 * index) / EVENTS);
      const part = ((3 * index) / EVENTS) % 1;
      return start + (day + (part < 0.2 ? part * 3 : 0.6 + (part - 0.2) * 0.4)) * (THREE_DAYS / 3);
    };
    log.add(
      ...ids.map((id, index) => ({
        id,
        type: 'user.created',
        occurredAt: momentOf(timeOf(index - (index % 3)), index % 2),
        environmentId: 'env_1',
        data: { id: `usr_${index}`, about: 'x'.repeat(1_500) },
      })),
    );
    api = await EventsApi.start(log);
    const { url } = api;
    const { clientId, clientSecret } = EventsApi;
    const began = performance.now();
    const running = await world.startFleet(4, {
      leaseMs: 30_000,
      handlerMs: [0, 0],
      catchUp: { url, clientId, clientSecret, since: start - 60_000 },
    });
    fleet = running;
    const before = running.members.map(({ peakMemory }) => peakMemory);
    while (world.soFar.lost(ids, world.plainHandlers).length > 0 && performance.now() - began < PATIENCE_MS) {
      await wait(1_000);
    }
    const seconds = (performance.now() - began) / 1_000;
    const history = world.soFar;
    const growth = running.members.map(({ peakMemory }, index) => peakMemory - (before[index] ?? 0));
    console.log(
      `${EVENTS} events: ${seconds.toFixed(1)} s, ${log.calls.length} calls, ` +
        `memory +${Math.max(...growth).toFixed(0)} MiB over ${Math.max(...before).toFixed(0)} MiB at boot`,
    );
    expect(history.notOnce(ids, world.plainHandlers)).toEqual([]);
    expect(world.workers).toHaveLength(1);
    expect(Math.max(...growth)).toBeLessThan(MOST_MEMORY);
  },
);
