import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { faultsOf, PLANS, silenceLogs } from './catch-up-world.js';

// What waits through this module waits by the virtual clock, too.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve(value);
      }, ms);
      signal?.addEventListener('abort', stop);
    }),
}));

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
