import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Counts } from '../../../lib/inspector/counts.js';

const SHORT_MS = 10_000;
const LONG_MS = 300_000;
/** A long bucket begins. */
const START = 6_000 * LONG_MS;
let counts: Counts;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  counts = new Counts('a:1');
});
afterEach(() => {
  vi.useRealTimers();
});

const due = (bucketMs: number) => counts.due().filter((bucket) => bucket.bucketMs === bucketMs);

it('counts in the buckets that are current, and tells of each change once', () => {
  counts.add('default', { outcome: 'handled' });
  counts.add('default', { outcome: 'handled' });
  counts.add('blue', { ms: 3 });
  const expected = { default: { 'outcome:handled': 2 }, blue: { 'ms:3': 1 } };
  expect(counts.due()).toEqual(
    [SHORT_MS, LONG_MS].map((bucketMs) => ({ process: 'a:1', at: START, bucketMs, counts: expected })),
  );
  expect(counts.due()).toEqual([]);
});

it('tells what a bucket counted that has ended since, and begins the next one', () => {
  counts.add('default', { outcome: 'handled' });
  vi.setSystemTime(START + SHORT_MS - 1);
  counts.add('default', { outcome: 'refused' });
  vi.setSystemTime(START + SHORT_MS);
  counts.add('default', { outcome: 'failed' });
  expect(due(SHORT_MS).map(({ at, counts: of }) => [at, of])).toEqual([
    [START, { default: { 'outcome:handled': 1, 'outcome:refused': 1 } }],
    [START + SHORT_MS, { default: { 'outcome:failed': 1 } }],
  ]);
});

it('counts in the long bucket what all its short ones counted', () => {
  for (let passed = 0; passed < LONG_MS; passed += SHORT_MS / 2) {
    vi.setSystemTime(START + passed);
    counts.add('default', { type: 'user.created' });
  }
  expect(due(LONG_MS).map(({ at, counts: of }) => [at, of])).toEqual([
    [START, { default: { 'type:user.created': 60 } }],
  ]);
  vi.setSystemTime(START + LONG_MS);
  expect(due(LONG_MS).map(({ at, counts: of }) => [at, of])).toEqual([[START + LONG_MS, {}]]);
});

it('tells by an empty bucket that the process is there', () => {
  expect(due(SHORT_MS)).toEqual([{ process: 'a:1', at: START, bucketMs: SHORT_MS, counts: {} }]);
});

it('counts names beyond the first 500 together: a sender makes them', () => {
  for (let index = 0; index < 600; index++) {
    counts.add('default', { type: `type.${index}` });
  }
  const named = due(SHORT_MS)[0]?.counts.default ?? {};
  expect(Object.keys(named)).toHaveLength(501);
  expect(named['type:other']).toBe(100);
});
