import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeginResult, IdempotencyStore } from '../../lib/index.js';
import { StoreModel } from './store-model.js';

const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };

export interface StoreUnderTest {
  readonly store: IdempotencyStore;
  /** Moves the clock that the store goes by. */
  readonly advance: (ms: number) => void | Promise<void>;
  close?(): void | Promise<void>;
}

/** What every store does, whatever it stands on. */
export function describeIdempotencyStore(
  name: string,
  create: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describe(`${name} as an idempotency store`, () => {
    let subject: StoreUnderTest;
    let store: IdempotencyStore;
    beforeEach(async () => {
      subject = await create();
      store = subject.store;
    });
    afterEach(() => subject.close?.());

    const acquire = async (key: string, options = OPTIONS) => acquired(await store.begin(key, options));

    it('hands an unknown key to the first that asks', async () => {
      expect(await acquire('a')).toMatchObject({ attempt: 1, handlersDone: [] });
    });

    it('tells a second one when to come again while the first holds the key', async () => {
      await acquire('a');
      await subject.advance(20_000);
      const answer = await store.begin('a', OPTIONS);
      expect(answer.status).toBe('in_progress');
      const { retryAfterMs } = answer as Extract<BeginResult, { status: 'in_progress' }>;
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(40_000);
    });

    it('answers a completed key with the fingerprint of what was completed', async () => {
      const { token } = await acquire('a', { ...OPTIONS, fingerprint: 0xffff_ffff });
      expect(await store.complete('a', token, OPTIONS.ttlMs)).toBe(true);
      expect(await store.begin('a', OPTIONS)).toEqual({ status: 'done', fingerprint: 0xffff_ffff });
    });

    it('hands a released key to the next, with the handlers that had finished', async () => {
      const first = await acquire('a');
      expect(await store.handlerDone('a', first.token, 'A.one')).toBe(true);
      expect(await store.handlerDone('a', first.token, 'A.one')).toBe(true);
      expect(await store.handlerDone('a', first.token, 'A.two')).toBe(true);
      expect(await store.release('a', first.token)).toBe(true);
      const second = await acquire('a');
      expect(second.attempt).toBe(2);
      expect([...second.handlersDone].sort()).toEqual(['A.one', 'A.two']);
      expect(second.token).toBeGreaterThan(first.token);
    });

    it('hands over a key whose lease has run out, and refuses the late holder', async () => {
      const late = await acquire('a');
      await store.handlerDone('a', late.token, 'A.one');
      await subject.advance(OPTIONS.leaseMs + 1);
      const next = await acquire('a');
      expect(next).toMatchObject({ attempt: 2, handlersDone: ['A.one'] });
      expect(next.token).toBeGreaterThan(late.token);
      expect(await store.renew('a', late.token, OPTIONS.leaseMs)).toBe(false);
      expect(await store.handlerDone('a', late.token, 'A.two')).toBe(false);
      expect(await store.complete('a', late.token, OPTIONS.ttlMs)).toBe(false);
      expect(await store.release('a', late.token)).toBe(false);
      expect(await store.complete('a', next.token, OPTIONS.ttlMs)).toBe(true);
    });

    it('lets the holder of a lease that has run out finish as long as nobody took over', async () => {
      const { token } = await acquire('a');
      await subject.advance(OPTIONS.leaseMs + 1);
      expect(await store.renew('a', token, OPTIONS.leaseMs)).toBe(true);
      expect((await store.begin('a', OPTIONS)).status).toBe('in_progress');
      expect(await store.complete('a', token, OPTIONS.ttlMs)).toBe(true);
    });

    it('keeps a renewed lease', async () => {
      const { token } = await acquire('a');
      await subject.advance(50_000);
      expect(await store.renew('a', token, OPTIONS.leaseMs)).toBe(true);
      await subject.advance(50_000);
      expect((await store.begin('a', OPTIONS)).status).toBe('in_progress');
    });

    it('refuses every token once the key is done, released or unknown', async () => {
      const { token } = await acquire('a');
      await store.complete('a', token, OPTIONS.ttlMs);
      const released = await acquire('b');
      await store.release('b', released.token);
      for (const [key, stale] of [
        ['a', token],
        ['b', released.token],
        ['c', 1],
      ] as const) {
        expect(await store.renew(key, stale, OPTIONS.leaseMs)).toBe(false);
        expect(await store.handlerDone(key, stale, 'A.one')).toBe(false);
        expect(await store.complete(key, stale, OPTIONS.ttlMs)).toBe(false);
        expect(await store.release(key, stale)).toBe(false);
      }
      expect((await store.begin('a', OPTIONS)).status).toBe('done');
      expect(await acquire('b')).toMatchObject({ attempt: 2 });
    });

    it('forgets a completed key after its time to live, and starts it anew', async () => {
      const { token } = await acquire('a');
      await store.complete('a', token, OPTIONS.ttlMs);
      await subject.advance(OPTIONS.ttlMs - 1_000);
      expect((await store.begin('a', OPTIONS)).status).toBe('done');
      await subject.advance(2_000);
      expect(await acquire('a')).toMatchObject({ attempt: 1, handlersDone: [] });
    });

    it('forgets a released key after its time to live', async () => {
      const { token } = await acquire('a');
      await store.handlerDone('a', token, 'A.one');
      await store.release('a', token);
      await subject.advance(OPTIONS.ttlMs + 1_000);
      expect(await acquire('a')).toMatchObject({ attempt: 1, handlersDone: [] });
    });

    it('tells an accepted key from one that is done', async () => {
      const { token } = await acquire('a');
      expect(await store.complete('a', token, OPTIONS.ttlMs, 'accepted')).toBe(true);
      expect(await store.begin('a', OPTIONS)).toEqual({ status: 'accepted', fingerprint: 7 });
      expect(await store.complete('a', token, OPTIONS.ttlMs)).toBe(false);
    });

    it('begins a key that is done for a position as high or higher, and for no lower one', async () => {
      const at = (position: bigint) => ({ ...OPTIONS, position });
      const first = await acquire('a', at(1_700_000_000_000_000_005n));
      expect((await store.begin('a', at(1n))).status).toBe('in_progress');
      await store.handlerDone('a', first.token, 'A.one');
      await store.complete('a', first.token, OPTIONS.ttlMs);
      expect((await store.begin('a', at(1_700_000_000_000_000_004n))).status).toBe('done');
      const same = await acquire('a', at(1_700_000_000_000_000_005n));
      expect(same).toMatchObject({ attempt: 1, handlersDone: [] });
      await store.complete('a', same.token, OPTIONS.ttlMs);
      const next = await acquire('a', at(1_700_000_000_000_000_006n));
      await store.release('a', next.token);
      expect((await store.begin('a', at(1_700_000_000_000_000_004n))).status).toBe('done');
      expect(await acquire('a', at(1_700_000_000_000_000_005n))).toMatchObject({ attempt: 2 });
    });

    it('takes any text as a key or a handler, and never mixes keys up', async () => {
      const keys = [
        '__proto__',
        'constructor',
        'ключ',
        '🔑',
        ' a',
        'a ',
        'A',
        'a:b',
        'a:b:c',
        '%',
        "'; --",
        'x'.repeat(1_000),
      ];
      for (const key of keys) {
        const { token } = await acquire(key);
        await store.handlerDone(key, token, `${key}.handler`);
        await store.release(key, token);
      }
      for (const key of keys) {
        expect(await acquire(key)).toMatchObject({ attempt: 2, handlersDone: [`${key}.handler`] });
      }
    });

    it('lets exactly one of many that ask at once have the key', async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, async () => store.begin('a', OPTIONS)));
      expect(answers.filter(({ status }) => status === 'acquired')).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 'in_progress')).toHaveLength(199);
    });

    it('does what a simple model does, for any sequence of calls by several clients', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
          const fresh = await create();
          const model = new StoreModel();
          try {
            for (const each of steps) {
              await model.compare(each, fresh);
            }
          } finally {
            await fresh.close?.();
          }
        }),
        { numRuns: 200 },
      );
    });
  });
}

function acquired(result: BeginResult): Extract<BeginResult, { status: 'acquired' }> {
  expect(result.status).toBe('acquired');
  return result as Extract<BeginResult, { status: 'acquired' }>;
}

const client = fc.nat({ max: 2 });
const key = fc.constantFrom('a', 'b');
const position = fc.constantFrom(undefined, undefined, -1n, 1n, 2n, 9_223_372_036_854_775_807n);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constant('begin' as const), client, key, position }) },
  {
    weight: 4,
    arbitrary: fc.record({
      call: fc.constantFrom('renew' as const, 'complete' as const, 'accept' as const, 'release' as const),
      client,
      key,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      call: fc.constant('handlerDone' as const),
      client,
      key,
      handler: fc.constantFrom('A.one', 'A.two'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      call: fc.constant('advance' as const),
      ms: fc.constantFrom(1_000, 30_000, 61_000, 601_000),
    }),
  },
);
