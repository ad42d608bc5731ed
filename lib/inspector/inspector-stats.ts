import type { DeliveryOutcome } from '../answers/delivery-outcome.js';
import { WINDOWS } from './counts.js';
import type { CountBucket, InspectorStats } from './inspector.api.js';

const OUTCOMES = [
  'handled',
  'queued',
  'duplicate',
  'in_progress',
  'late',
  'failed',
  'refused',
] as const satisfies readonly DeliveryOutcome[];

/** When the first bucket of a window begins. */
export function beginningOf(window: InspectorStats['window'], now: number): number {
  const { bucketMs, buckets } = WINDOWS[window];
  return now - (now % bucketMs) - (buckets - 1) * bucketMs;
}

/** Adds up what all processes have counted at all endpoints. */
export function statsOf(
  window: InspectorStats['window'],
  counted: readonly CountBucket[],
  now: number,
): InspectorStats {
  const { bucketMs, buckets } = WINDOWS[window];
  const beginning = beginningOf(window, now);
  const at = Array.from({ length: buckets }, (_, index) => beginning + index * bucketMs);
  const sums = at.map(() => new Map<string, number>());
  const times = at.map(() => new Map<number, number>());
  for (const bucket of counted) {
    const index = Math.round((bucket.at - beginning) / bucketMs);
    for (const [name, count] of Object.values(bucket.counts).flatMap((named) => Object.entries(named))) {
      const [kind = '', value = ''] = name.split(':');
      if (kind === 'outcome') {
        add(sums[index], value, count);
      } else if (kind === 'ms' && Number.isSafeInteger(Number(value))) {
        add(times[index], Number(value), count);
      }
    }
  }
  const outcomes = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, sums.map((sum) => sum.get(outcome) ?? 0)]),
  ) as Record<DeliveryOutcome, number[]>;
  const percentiles = (share: number) => times.map((places) => percentileOf(places, share));
  return {
    window,
    bucketMs,
    at,
    outcomes,
    p50: percentiles(0.5),
    p95: percentiles(0.95),
    p99: percentiles(0.99),
  };
}

function add<Name>(sums: Map<Name, number> | undefined, name: Name, count: number): void {
  sums?.set(name, (sums.get(name) ?? 0) + count);
}

/** Each place of the histogram is a tenth longer than the one before. */
const GROWTH = Math.log(1.1);
const SHORTEST_MS = 0.1;

/** The place of a time in the histogram. */
export function placeOf(ms: number): number {
  return ms <= SHORTEST_MS ? 0 : Math.ceil(Math.log(ms / SHORTEST_MS) / GROWTH);
}

/** The time below which that share of all lies, in milliseconds, or a tenth more; null where there is none. */
export function percentileOf(places: ReadonlyMap<number, number>, share: number): number | null {
  const sorted = [...places].sort(([one], [other]) => one - other);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [place, count] of sorted) {
    seen += count;
    if (seen >= share * total) {
      return Math.round(SHORTEST_MS * Math.exp(place * GROWTH) * 100) / 100;
    }
  }
  return null;
}
