import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet } from './fleet.js';
import { send } from './sender.js';
import { createdEvents, SECRET, World } from './world.js';

const PATIENCE_MS = 60_000;
const LEASE_MS = 1_000;

describe.each(['inline on Redis', 'inline on PostgreSQL'] as const)('a paused process, %s', (engine) => {
  let world: World;
  let fleet: Fleet;
  afterEach(async () => {
    await fleet.stop();
    await world.close();
  });

  it(
    'has its completion refused when another has taken the event over: 409, and no transactional effect',
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      fleet = await world.startFleet(2, { leaseMs: LEASE_MS, handlerMs: [1_500, 1_500] });
      const [first, second] = fleet.members;
      const [event] = createdEvents(1, 'paused');
      if (!first || !second || !event) {
        throw new Error('The fleet has two members.');
      }
      const deliverTo = (url: string) =>
        send({
          secret: SECRET,
          events: [event],
          copies: 1,
          withinMs: 0,
          url: () => url,
          patienceMs: PATIENCE_MS,
        });
      const allStarted = () => world.handlers.every((handler) => world.soFar.startsOf(event.id, handler) > 0);

      const late = deliverTo(first.url);
      while (!allStarted()) {
        await wait(10);
      }
      first.signal('SIGSTOP');
      const { answers } = await deliverTo(second.url);
      expect(answers.get(200)).toBe(1);
      first.signal('SIGCONT');

      const { answers: lateAnswers } = await late;
      expect(lateAnswers.get(409)).toBeGreaterThan(0);
      expect(world.soFar.startsOf(event.id, 'Handlers.one')).toBe(2);
      expect(world.soFar.startedWhenDone([event.id])).toEqual([]);
      expect(await world.notOnceInDatabase([event.id])).toEqual([]);
    },
  );
});
