import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from './fleet.js';
import { send } from './sender.js';
import { createdEvents, SECRET, World } from './world.js';

const DELIVERIES = 1_000;
const ROUNDS = Number(process.env.ROUNDS ?? 4);
const PATIENCE_MS = 60_000;

describe.each(['inline on Redis', 'inline on PostgreSQL'] as const)('four processes, %s', (engine) => {
  let world: World;
  let fleet: Fleet;
  beforeAll(async () => {
    world = await World.create(engine);
    fleet = await world.startFleet(4, { leaseMs: 60_000 });
  }, PATIENCE_MS);
  afterAll(async () => {
    await fleet.stop();
    await world.close();
  });

  it(
    `run an event once that comes ${DELIVERIES} times at once, ${ROUNDS} times over`,
    { timeout: 5 * PATIENCE_MS },
    async () => {
      let next = 0;
      for (const event of createdEvents(ROUNDS, 'identical')) {
        const { answers } = await send({
          secret: SECRET,
          events: [event],
          copies: DELIVERIES,
          withinMs: 0,
          url: () => fleet.members[next++ % fleet.members.length]?.url ?? '',
          patienceMs: PATIENCE_MS,
        });
        expect(answers.get(200)).toBe(DELIVERIES);
        for (const handler of world.handlers) {
          expect([handler, world.soFar.startsOf(event.id, handler)]).toEqual([handler, 1]);
        }
      }
    },
  );
});
