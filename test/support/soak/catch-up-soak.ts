import fc from 'fast-check';
import { expect, it } from 'vitest';
import { faultsOf, PLANS, silenceLogs } from './catch-up-world.js';

/** Days of webhooks, losses, crashes and outages: every event is handled once, or visibly failed. */
export function itHandlesEveryEventOnce({ count, seed }: { count: number; seed: number }): void {
  it(
    `handles every event once or fails visibly, in ${count} days full of losses, crashes and outages (seed ${seed})`,
    async () => {
      silenceLogs();
      await fc.assert(
        fc.asyncProperty(PLANS, async (plan) => {
          expect(await faultsOf(plan)).toEqual([]);
        }),
        { numRuns: count, seed },
      );
    },
    Math.max(120_000, count * 1_000),
  );
}
