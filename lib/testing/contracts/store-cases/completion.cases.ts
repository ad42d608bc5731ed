import { deepEqual } from 'node:assert/strict';
import { expectClaim, expectFalse, expectTrue, type StoreCases } from '../store-case.js';
import { OPTIONS } from '../store-steps.js';

/** What is left of a key once it is done. */
export const COMPLETION_CASES: StoreCases = {
  'answers a completed key with the fingerprint of what was completed': async (subject) => {
    const { token } = await subject.acquire('a', { fingerprint: 0xffff_ffff });
    await expectTrue(subject.store.complete('a', token, OPTIONS.ttlMs));
    deepEqual(await subject.begin('a'), { status: 'done', fingerprint: 0xffff_ffff });
  },

  'tells an accepted key from one that is done': async (subject) => {
    const { token } = await subject.acquire('a');
    await expectTrue(subject.store.complete('a', token, OPTIONS.ttlMs, 'accepted'));
    deepEqual(await subject.begin('a'), { status: 'accepted', fingerprint: OPTIONS.fingerprint });
    await expectFalse(subject.store.complete('a', token, OPTIONS.ttlMs));
  },

  'refuses every token once the key is done, released or unknown': async (subject) => {
    const { store } = subject;
    const { token } = await subject.acquire('a');
    await store.complete('a', token, OPTIONS.ttlMs);
    const released = await subject.acquire('b');
    await store.release('b', released.token);
    for (const [key, stale] of [
      ['a', token],
      ['b', released.token],
      ['c', 1],
    ] as const) {
      await expectFalse(store.renew(key, stale, OPTIONS.leaseMs));
      await expectFalse(store.handlerDone(key, stale, 'A.one'));
      await expectFalse(store.complete(key, stale, OPTIONS.ttlMs));
      await expectFalse(store.release(key, stale));
    }
    await subject.expectStatus('a', 'done');
    expectClaim(await subject.acquire('b'), 2, []);
  },

  'forgets a completed key after its time to live, and starts it anew': async (subject) => {
    const { token } = await subject.acquire('a');
    await subject.store.complete('a', token, OPTIONS.ttlMs);
    await subject.pass(OPTIONS.ttlMs - 1_000);
    await subject.expectStatus('a', 'done');
    await subject.pass(2_000);
    expectClaim(await subject.acquire('a'), 1, []);
  },

  'begins a key that is done for a position as high or higher, and for no lower one': async (subject) => {
    const { store } = subject;
    const lower = { position: 1_700_000_000_000_000_004n };
    const equal = { position: 1_700_000_000_000_000_005n };
    const higher = { position: 1_700_000_000_000_000_006n };
    const first = await subject.acquire('a', equal);
    await subject.expectStatus('a', 'in_progress', { position: 1n });
    await store.handlerDone('a', first.token, 'A.one');
    await store.complete('a', first.token, OPTIONS.ttlMs);
    await subject.expectStatus('a', 'done', lower);
    const same = await subject.acquire('a', equal);
    expectClaim(same, 1, []);
    await store.complete('a', same.token, OPTIONS.ttlMs);
    const next = await subject.acquire('a', higher);
    await store.release('a', next.token);
    await subject.expectStatus('a', 'done', lower);
    expectClaim(await subject.acquire('a', equal), 2, []);
  },
};
