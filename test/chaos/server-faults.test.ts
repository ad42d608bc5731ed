import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Fleet } from './fleet.js';
import { send } from './sender.js';
import { createdEvents, ENGINES, PG_BOSS, SECRET, World } from './world.js';

const EVENTS = 100;
const WITHIN_MS = 4_000;
/** Longer than any of the faults: a claim whose answer was cut off is free again after it. */
const LEASE_MS = 12_000;
const PATIENCE_MS = 90_000;
/** 36 take three minutes. */
const RESTARTS = Number(process.env.RESTARTS ?? 2);

describe.each(ENGINES)('two processes whose server fails, %s', (engine) => {
  let world: World;
  let fleet: Fleet | undefined;
  afterEach(async () => {
    await fleet?.stop();
    await world.close();
  });

  /** Has the fault happen among deliveries; returns what was answered. */
  const deliverDuring = async (
    fault: () => Promise<void>,
    { through, withinMs = WITHIN_MS }: { through?: number; withinMs?: number } = {},
  ) => {
    const running = await world.startFleet(2, {
      leaseMs: LEASE_MS,
      handlerMs: [0, 100],
      ...(through !== undefined && { through }),
    });
    fleet = running;
    const events = createdEvents(EVENTS, 'fault');
    const ids = events.map(({ id }) => id);
    const url = () => running.anyone().url;
    const [{ answers }] = await Promise.all([
      send({ secret: SECRET, events, copies: 2, withinMs, url, patienceMs: withinMs + PATIENCE_MS }),
      wait(WITHIN_MS / 4).then(fault),
    ]);
    const history = await world.whenQuiet(ids, PATIENCE_MS);
    expect(history.notOnce(ids, world.plainHandlers)).toEqual([]);
    expect(await world.notOnceInDatabase(ids)).toEqual([]);
    expect(running.kills).toBe(0);
    return answers;
  };

  it(
    'answer 503 while it hangs for 4 s, then finish every handler once',
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      const answers = await deliverDuring(async () => {
        world.server.pause();
        await wait(4_000);
        world.server.resume();
      });
      expect(answers.get(503)).toBeGreaterThan(0);
    },
  );

  it(
    'answer 503 while it is down, then finish every handler once',
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      const answers = await deliverDuring(async () => {
        await world.server.kill();
        await wait(2_000);
        await world.server.restart();
      });
      expect(answers.get(503)).toBeGreaterThan(0);
    },
  );

  it.runIf(engine === PG_BOSS)(
    `finish every handler once and keep no job though it is restarted every 5 s for ${RESTARTS * 5} s`,
    { timeout: 2 * PATIENCE_MS + RESTARTS * 10_000 },
    async () => {
      world = await World.create(engine);
      const restartAgainAndAgain = async () => {
        for (let restart = 0; restart < RESTARTS; restart++) {
          await world.server.kill();
          await world.server.restart();
          await wait(5_000);
        }
      };
      await deliverDuring(restartAgainAndAgain, { withinMs: RESTARTS * 5_000 });
      expect(await world.jobsLeft()).toEqual([]);
    },
  );

  it(
    'finish every handler once though connections are cut again and again',
    { timeout: 2 * PATIENCE_MS },
    async () => {
      world = await World.create(engine);
      const proxy = await TcpProxy.start(world.server.port);
      try {
        await deliverDuring(
          async () => {
            for (let cut = 0; cut < 10; cut++) {
              proxy.cutNow();
              await wait(200);
            }
          },
          { through: proxy.port },
        );
      } finally {
        await fleet?.stop();
        fleet = undefined;
        await proxy.stop();
      }
    },
  );
});
