import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet, KillPoint } from './fleet.js';
import { send } from './sender.js';
import { createdEvents, ENGINES, SECRET, World } from './world.js';

/** At each engine. */
const KILLS = Number(process.env.KILLS ?? 12);
const KILL_EVERY_MS = 300;
const PATIENCE_MS = KILLS * KILL_EVERY_MS * 4 + 240_000;

/** A death or two at each point in a short run, beside those from outside. */
const KILL_AT: Partial<Record<KillPoint, number>> = {
  'after-claim': 0.004,
  'after-effect': 0.004,
  'after-record': 0.004,
  'after-enqueue': 0.004,
  'in-transaction': 0.004,
  'after-commit': 0.004,
  'before-answer': 0.004,
};

describe.each(ENGINES)('eight processes that are killed again and again, %s', (engine) => {
  let world: World;
  let fleet: Fleet | undefined;
  afterEach(async () => {
    await fleet?.stop();
    await world.close();
  });

  it(
    'lose nothing, start no handler that is done, and have transactional effects exactly once',
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      const running = await world.startFleet(8, { leaseMs: 3_000, failRate: 0.2, killAt: KILL_AT });
      fleet = running;
      const events = createdEvents(KILLS * 10, 'kill');
      const ids = events.map(({ id }) => id);

      const sent = send({
        secret: SECRET,
        events,
        copies: 2,
        withinMs: KILLS * KILL_EVERY_MS,
        url: () => running.anyone().url,
        patienceMs: PATIENCE_MS,
      });
      while (running.kills < KILLS) {
        await wait(KILL_EVERY_MS);
        running.anyone().signal('SIGKILL');
      }
      await sent;
      const history = await world.whenQuiet(ids, PATIENCE_MS);

      console.log(`${engine}: ${running.kills} kills; ${history.starts} handler runs`);
      expect(history.lost(ids, world.plainHandlers)).toEqual([]);
      expect(history.startedWhenDone(ids)).toEqual([]);
      expect(await world.notOnceInDatabase(ids)).toEqual([]);
      expect(await world.jobsLeft()).toEqual([]);
    },
  );
});
