import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet } from './fleet.js';
import { send } from './sender.js';
import { createdEvents, ENGINES, SECRET, World } from './world.js';

const EVENTS = Number(process.env.STORM_EVENTS ?? 400);
const PATIENCE_MS = 240_000;

describe.each(ENGINES)('eight processes, %s', (engine) => {
  let world: World;
  let fleet: Fleet | undefined;
  afterEach(async () => {
    await fleet?.stop();
    await world.close();
  });

  it(
    `finish every handler of ${EVENTS} events once, each delivered five times and failing at random`,
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      fleet = await world.startFleet(8, { leaseMs: 60_000, failRate: 0.2 });
      const events = createdEvents(EVENTS, 'storm');
      const ids = events.map(({ id }) => id);
      const url = () => fleet?.anyone().url ?? '';

      const { answers } = await send({
        secret: SECRET,
        events,
        copies: 5,
        withinMs: EVENTS * 5,
        url,
        patienceMs: PATIENCE_MS,
      });
      const history = await world.whenQuiet(ids, PATIENCE_MS);

      console.log(`${engine}: answers ${format(answers)}; ${history.starts} handler runs`);
      expect(history.notOnce(ids, world.plainHandlers)).toEqual([]);
      expect(await world.notOnceInDatabase(ids)).toEqual([]);
      expect(history.startedWhenDone(ids)).toEqual([]);
      expect(fleet.kills).toBe(0);
    },
  );
});

function format(answers: ReadonlyMap<number, number>): string {
  return [...answers]
    .sort()
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}
