import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryIdempotencyStore, StoreUnavailableError } from '../../../lib/index.js';
import { describeStoreExtras, describeIdempotencyStore } from '../../contract/idempotency-store.contract.js';

const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const create = () => ({
  store: new MemoryIdempotencyStore(),
  advance: (ms: number) => {
    vi.advanceTimersByTime(ms);
  },
});
describeIdempotencyStore('MemoryIdempotencyStore', create);
describeStoreExtras('MemoryIdempotencyStore', create);

describe('MemoryIdempotencyStore', () => {
  const finish = (store: MemoryIdempotencyStore, key: string) => {
    const claim = store.begin(key, OPTIONS);
    if (claim.status === 'acquired') {
      store.complete(key, claim.token, OPTIONS.ttlMs);
    }
    return claim.status;
  };

  it('forgets the completed key that was asked for longest ago when it is full', () => {
    const store = new MemoryIdempotencyStore({ maxEntries: 3 });
    ['a', 'b', 'c'].forEach((key) => finish(store, key));
    expect(store.begin('a', OPTIONS).status).toBe('done');
    expect(finish(store, 'd')).toBe('acquired');
    expect(store.size).toBe(3);
    expect(store.begin('a', OPTIONS).status).toBe('done');
    expect(store.begin('c', OPTIONS).status).toBe('done');
    expect(store.begin('b', OPTIONS).status).toBe('acquired');
  });

  it('never forgets a running key: it fails when all of them run', () => {
    const store = new MemoryIdempotencyStore({ maxEntries: 2 });
    store.begin('a', OPTIONS);
    store.begin('b', OPTIONS);
    expect(() => store.begin('c', OPTIONS)).toThrow(StoreUnavailableError);
    expect(store.begin('a', OPTIONS).status).toBe('in_progress');
    expect(store.begin('b', OPTIONS).status).toBe('in_progress');
  });

  it('forgets completed keys before released ones, and those before it fails', () => {
    const store = new MemoryIdempotencyStore({ maxEntries: 2 });
    const released = store.begin('released', OPTIONS);
    store.release('released', released.status === 'acquired' ? released.token : 0);
    finish(store, 'done');
    store.begin('running', OPTIONS);
    expect(store.size).toBe(2);
    store.begin('running too', OPTIONS);
    expect(store.size).toBe(2);
    expect(() => store.begin('released', OPTIONS)).toThrow(StoreUnavailableError);
  });

  it('takes the place of a claim whose lease has run out rather than fail', () => {
    const store = new MemoryIdempotencyStore({ maxEntries: 2 });
    store.begin('a', OPTIONS);
    vi.advanceTimersByTime(30_000);
    const renewed = store.begin('b', OPTIONS);
    vi.advanceTimersByTime(30_001);
    expect(store.begin('c', OPTIONS).status).toBe('acquired');
    expect(store.begin('b', OPTIONS).status).toBe('in_progress');
    expect(renewed.status).toBe('acquired');
  });

  it('can begin a released key again when it is full of running ones', () => {
    const store = new MemoryIdempotencyStore({ maxEntries: 2 });
    store.begin('a', OPTIONS);
    const b = store.begin('b', OPTIONS);
    store.release('b', b.status === 'acquired' ? b.token : 0);
    expect(store.begin('b', OPTIONS)).toMatchObject({ status: 'acquired', attempt: 2 });
  });

  it('goes by a monotonic clock: setting the time of day changes no lease', () => {
    const store = new MemoryIdempotencyStore();
    store.begin('a', OPTIONS);
    vi.setSystemTime(Date.now() + 365 * 86_400_000);
    expect(store.begin('a', OPTIONS).status).toBe('in_progress');
    vi.setSystemTime(0);
    vi.advanceTimersByTime(OPTIONS.leaseMs + 1);
    expect(store.begin('a', OPTIONS).status).toBe('acquired');
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses %s as maxEntries', (maxEntries) => {
    expect(() => new MemoryIdempotencyStore({ maxEntries })).toThrow(
      /maxEntries must be a whole number from 1/,
    );
  });

  it('keeps to maxEntries and its heap through 1,000,000 distinct keys, and loses no running one', () => {
    const store = new MemoryIdempotencyStore();
    const running = Array.from({ length: 50 }, (_, index) => `running ${index}`);
    running.forEach((key) => store.begin(key, OPTIONS));
    const before = heapUsed();
    let largest = 0;
    for (let index = 0; index < 1_000_000; index++) {
      finish(store, `default:evt_${index}`);
      largest = Math.max(largest, store.size);
    }
    expect(largest).toBe(100_000);
    expect((heapUsed() - before) / largest).toBeLessThan(400);
    expect(running.map((key) => store.begin(key, OPTIONS).status)).toEqual(running.map(() => 'in_progress'));
    expect(store.begin('default:evt_999999', OPTIONS).status).toBe('done');
    expect(store.begin('default:evt_900051', OPTIONS).status).toBe('done');
    expect(store.begin('default:evt_900000', OPTIONS).status).toBe('acquired');
  });
});

/** In bytes, after a garbage collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
