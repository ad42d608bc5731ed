import { ok } from 'node:assert/strict';
import { expectClaim, expectFalse, expectTrue, type StoreCases } from '../store-case.js';
import { OPTIONS } from '../store-steps.js';

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
