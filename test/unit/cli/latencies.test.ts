import { describe, expect, it } from 'vitest';
import { Latencies } from '../../../lib/cli/send/latencies.js';

/** From 3 µs to 50 s, more of the short ones. */
const LATENCIES = Array.from({ length: 10_000 }, (_, index) => 0.003 * 1.00166 ** index);

function histogramOf(latencies: readonly number[]): Latencies {
  const histogram = new Latencies();
  latencies.forEach((ms) => histogram.add(ms));
  return histogram;
}

const countsIn = (rows: readonly string[]) =>
  rows.map((row) => Number(/([\d,]+) +[\d.]+ %$/.exec(row)?.[1]?.replaceAll(',', '')));

describe('the percentiles of latencies', () => {
  it.each([1, 50, 90, 99, 99.9, 100])('tells the percentile %d to within 1.6 %', (percent) => {
    const exact = LATENCIES[Math.ceil((percent / 100) * LATENCIES.length) - 1] ?? 0;
    const told = histogramOf(LATENCIES).percentile(percent);
    expect(Math.abs(told - exact) / exact).toBeLessThan(0.016);
  });

  it('never tells a percentile above the greatest value', () => {
    expect(histogramOf([7.123]).percentile(99)).toBe(7.123);
  });

  it.each([0, 1e-9, 1e9])('takes %d ms', (ms) => {
    const histogram = histogramOf([ms]);
    expect(histogram.count).toBe(1);
    expect(histogram.max).toBe(ms);
  });
});

describe('the drawing of latencies', () => {
  it.each([
    ['one value', [5]],
    ['values that lie on the edges of rows', [1, 1.5, 2, 3, 5, 7, 10]],
    ['values of seven decades', LATENCIES],
    ['values that are all alike', Array.from({ length: 500 }, () => 3)],
  ])('counts each delivery in one row: %s', (_what, latencies) => {
    const rows = histogramOf(latencies).draw();
    expect(countsIn(rows).reduce((sum, count) => sum + count, 0)).toBe(latencies.length);
    expect(rows.length).toBeLessThanOrEqual(14);
  });

  it('shows a bar for a single delivery among many', () => {
    const rows = histogramOf([...Array.from({ length: 100_000 }, () => 1), 40]).draw();
    expect(rows.at(-1)).toMatch(/▏ .* 1 {3}0\.0 %$/);
  });

  it('is empty where nothing was answered', () => {
    expect(new Latencies().draw()).toEqual([]);
  });
});
