import { deepEqual, equal, ok } from 'node:assert/strict';
import { expectClaim, expectFalse, expectTrue, type StoreCases } from './store-case.js';
import { OPTIONS } from './store-steps.js';

/** Who gets a key, and for how long. */
export const CLAIM_CASES: StoreCases = {
  'hands an unknown key to the first that asks': async (subject) => {
    expectClaim(await subject.acquire('a'), 1, []);
  },

  'tells a second one when to come again while the first holds the key': async (subject) => {
    await subject.acquire('a');
    await subject.pass(20_000);
    const answer = await subject.begin('a');
    ok(answer.status === 'in_progress', `is ${answer.status}`);
    const { retryAfterMs } = answer;
    ok(retryAfterMs > 0 && retryAfterMs <= 40_000, `retryAfterMs is ${retryAfterMs}, not within 0 to 40000`);
  },

  'hands a released key to the next, with the handlers that had finished': async (subject) => {
    const { store } = subject;
    const first = await subject.acquire('a');
    await expectTrue(store.handlerDone('a', first.token, 'A.one'));
    await expectTrue(store.handlerDone('a', first.token, 'A.one'));
    await expectTrue(store.handlerDone('a', first.token, 'A.two'));
    await expectTrue(store.release('a', first.token));
    const second = await subject.acquire('a');
    expectClaim(second, 2, ['A.one', 'A.two']);
    ok(second.token > first.token, 'the second token is not greater than the first');
  },

  'hands over a key whose lease has run out, and refuses the late holder': async (subject) => {
    const { store } = subject;
    const late = await subject.acquire('a');
    await store.handlerDone('a', late.token, 'A.one');
    await subject.pass(OPTIONS.leaseMs + 1);
    const next = await subject.acquire('a');
    expectClaim(next, 2, ['A.one']);
    ok(next.token > late.token, 'the second token is not greater than the first');
    await expectFalse(store.renew('a', late.token, OPTIONS.leaseMs));
    await expectFalse(store.handlerDone('a', late.token, 'A.two'));
    await expectFalse(store.complete('a', late.token, OPTIONS.ttlMs));
    await expectFalse(store.release('a', late.token));
    await expectTrue(store.complete('a', next.token, OPTIONS.ttlMs));
  },

  'lets the holder of a lease that has run out finish as long as nobody took over': async (subject) => {
    const { token } = await subject.acquire('a');
    await subject.pass(OPTIONS.leaseMs + 1);
    await expectTrue(subject.store.renew('a', token, OPTIONS.leaseMs));
    await subject.expectStatus('a', 'in_progress');
    await expectTrue(subject.store.complete('a', token, OPTIONS.ttlMs));
  },

  'keeps a renewed lease': async (subject) => {
    const { token } = await subject.acquire('a');
    await subject.pass(50_000);
    await expectTrue(subject.store.renew('a', token, OPTIONS.leaseMs));
    await subject.pass(50_000);
    await subject.expectStatus('a', 'in_progress');
  },

  'forgets a released key after its time to live': async (subject) => {
    const { token } = await subject.acquire('a');
    await subject.store.handlerDone('a', token, 'A.one');
    await subject.store.release('a', token);
    await subject.pass(OPTIONS.ttlMs + 1_000);
    expectClaim(await subject.acquire('a'), 1, []);
  },
};

/** What a store remembers of a completed key. */
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

const ODD_KEYS = [
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

/** Unusual keys, and concurrent claims. */
export const KEY_CASES: StoreCases = {
  'takes any text as a key or a handler, and never mixes keys up': async (subject) => {
    for (const key of ODD_KEYS) {
      const { token } = await subject.acquire(key);
      await subject.store.handlerDone(key, token, `${key}.handler`);
      await subject.store.release(key, token);
    }
    for (const key of ODD_KEYS) {
      expectClaim(await subject.acquire(key), 2, [`${key}.handler`]);
    }
  },

  'lets exactly one of many that ask at once have the key': async (subject) => {
    const begin = async () => subject.store.begin('a', OPTIONS);
    const answers = await Promise.all(Array.from({ length: 200 }, begin));
    equal(answers.filter(({ status }) => status === 'acquired').length, 1);
    equal(answers.filter(({ status }) => status === 'in_progress').length, 199);
  },
};
