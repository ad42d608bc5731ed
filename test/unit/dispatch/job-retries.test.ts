import { afterEach, describe, expect, it, vi } from 'vitest';
import { retryDelayMs } from '../../../lib/dispatch/job-retries.js';

const DAY_MS = 86_400_000;
const DEFAULT = { type: 'exponential', delayMs: 1_000 } as const;
const delays = (random: number, attempts: readonly number[]) => {
  vi.spyOn(Math, 'random').mockReturnValue(random);
  return attempts.map((attempt) => retryDelayMs(DEFAULT, attempt));
};
afterEach(() => vi.restoreAllMocks());

describe('retryDelayMs', () => {
  it('doubles the delay with each attempt', () => {
    expect(delays(0, [1, 2, 3, 4, 5, 6, 7])).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
  });

  it('takes up to a half off it by chance', () => {
    expect(delays(0.5, [1, 2, 3])).toEqual([750, 1_500, 3_000]);
    expect(delays(1, [1, 2, 3])).toEqual([500, 1_000, 2_000]);
    vi.restoreAllMocks();
    const many = Array.from({ length: 200 }, () => retryDelayMs(DEFAULT, 4));
    expect(Math.min(...many)).toBeGreaterThanOrEqual(4_000);
    expect(Math.max(...many)).toBeLessThanOrEqual(8_000);
    expect(new Set(many).size).toBeGreaterThan(20);
  });

  it('waits for a day at most', () => {
    expect(delays(0, [28, 29, 100, 2_000])).toEqual([DAY_MS, DAY_MS, DAY_MS, DAY_MS]);
  });

  it('keeps a fixed delay as it is', () => {
    expect([1, 5, 100].map((attempt) => retryDelayMs({ type: 'fixed', delayMs: 70 }, attempt))).toEqual([
      70, 70, 70,
    ]);
  });
});
