import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Awaitable } from '../../idempotency/idempotency-store.js';
import {
  type FailedEventStore,
  type KeptFailure,
  extrasOf,
} from '../../idempotency/idempotency-store.extras.js';
import { expectClaim, expectTrue, type StoreCase, type StoreUnderTest } from './store-case.js';
import {
  type ContractCase,
  registerContract,
  runCase,
  type TestRunner,
} from './idempotency-store.contract.js';
import { OPTIONS } from './store-steps.js';

const KEEP = { keep: 100, keepMs: 600_000 };
const { leaseMs, ttlMs, fingerprint } = OPTIONS;

function failure(eventId: string, handler = 'A.one', more: Partial<KeptFailure> = {}): KeptFailure {
  const reason = 'no such "user"\n\u0000 \ud83d\udd11';
  const rest = {
    type: 'user.created',
    reason,
    attempts: 3,
    failedAt: 1_700_000_000_123,
    fingerprint: 0xffff_ffff,
  };
  return { scope: 'default', eventId, handler, ...rest, ...more };
}

async function reopen(failures: FailedEventStore, key: string, again: string[], finished: string[]) {
  const answer = await failures.reopen(key, { leaseMs, ttlMs, fingerprint, again, finished });
  ok(answer.status === 'acquired');
  return answer;
}

type Check = (failures: FailedEventStore, subject: StoreCase) => Promise<void>;

const CASES: Readonly<Record<string, Check>> = {
  'lists the failures of a scope page by page, oldest first': async (failures) => {
    for (const eventId of ['c', 'a', 'b', 'd']) {
      await failures.keep(failure(eventId, 'A.one', { delivery: 'never listed' }), KEEP);
    }
    await failures.keep(failure('other', 'A.one', { scope: 'billing/default' }), KEEP);
    const first = await failures.list('default', { limit: 3, cursor: undefined });
    deepEqual(first.failures, [failure('c'), failure('a'), failure('b')]);
    const second = await failures.list('default', { limit: 3, cursor: first.cursor });
    deepEqual(second, { failures: [failure('d')], cursor: undefined });
    const all = await failures.list('default', { limit: 4, cursor: undefined });
    deepEqual([all.failures.length, all.cursor], [4, undefined]);
  },

  'keeps the last failure of an event and handler, as the youngest': async (failures) => {
    await failures.keep(failure('a'), KEEP);
    await failures.keep(failure('b'), KEEP);
    await failures.keep(failure('a', 'A.one', { reason: 'again' }), KEEP);
    const { failures: all } = await failures.list('default', { limit: 10, cursor: undefined });
    deepEqual(all, [failure('b'), failure('a', 'A.one', { reason: 'again' })]);
  },

  'keeps as many failures of a scope as it is told, the youngest': async (failures) => {
    await failures.keep(failure('other', 'A.one', { scope: 'other' }), KEEP);
    for (const eventId of ['a', 'b', 'c', 'd']) {
      await failures.keep(failure(eventId), { ...KEEP, keep: 2 });
    }
    const { failures: all } = await failures.list('default', { limit: 10, cursor: undefined });
    deepEqual(all, [failure('c'), failure('d')]);
    deepEqual(await failures.of('default', 'a'), []);
    equal((await failures.of('other', 'other')).length, 1);
  },

  'gives the failures of an event with their deliveries, until they are forgotten': async (failures) => {
    const one = failure('a', 'A.one', { delivery: '{"body":"\\u0000 ключ"}' });
    const two = failure('a', 'A.two');
    await failures.keep(one, KEEP);
    await failures.keep(two, KEEP);
    await failures.keep(failure('ab'), KEEP);
    deepEqual(await failures.of('default', 'a'), [one, two]);
    equal(await failures.forget('default', 'a', ['A.one', 'A.three']), 1);
    equal(await failures.forget('default', 'a', ['A.one']), 0);
    deepEqual(await failures.of('default', 'a'), [two]);
    deepEqual(await failures.of('other', 'a'), []);
    deepEqual(await failures.of('default', 'a\0\ud800'), []);
    deepEqual(await failures.of('default', 'ab'), [failure('ab')]);
  },

  'reopens a key that is done or unknown, with the handlers that need not run again': async (
    failures,
    subject,
  ) => {
    const { token } = await subject.acquire('a');
    await subject.store.handlerDone('a', token, 'A.one');
    await subject.store.complete('a', token, ttlMs);
    const again = await reopen(failures, 'a', ['A.one'], ['A.two', 'A.three']);
    expectClaim(again, 1, ['A.two', 'A.three']);
    await expectTrue(subject.store.release('a', again.token));
    expectClaim(await subject.acquire('a'), 2, ['A.two', 'A.three']);
    expectClaim(await reopen(failures, 'b', ['A.one'], ['A.two']), 1, ['A.two']);
  },

  'reopens a key that is released, or whose lease has run out, without the handlers that are to run again':
    async (failures, subject) => {
      const { token } = await subject.acquire('a');
      for (const handler of ['A.one', 'A.on', 'A."two"', 'A.three']) {
        await subject.store.handlerDone('a', token, handler);
      }
      await subject.store.release('a', token);
      const released = await reopen(failures, 'a', ['A.on', 'A."two"', 'A.four'], ['A.four']);
      expectClaim(released, 2, ['A.one', 'A.three']);
      deepEqual([...(released.reopened ?? [])].sort(), ['A."two"', 'A.on']);
      await subject.pass(leaseMs + 1);
      expectClaim(await reopen(failures, 'a', ['A.three'], ['A.four']), 3, ['A.one']);
    },

  'reopens no key that is running, and one only for one of many': async (failures, subject) => {
    const { token } = await subject.acquire('a');
    const options = { leaseMs, ttlMs, fingerprint, again: ['A.one'], finished: [] };
    equal((await failures.reopen('a', options)).status, 'in_progress');
    await expectTrue(subject.store.complete('a', token, ttlMs));
    const answers = await Promise.all(Array.from({ length: 20 }, async () => failures.reopen('a', options)));
    equal(answers.filter(({ status }) => status === 'acquired').length, 1);
    equal(answers.filter(({ status }) => status === 'in_progress').length, 19);
  },
};

/**
 * What `failures` of every idempotency store does: for runners that have no `describe` and `it`.
 *
 * @param create makes an empty store for each case
 * @publicApi
 */
export function failedEventStoreContract(create: () => Awaitable<StoreUnderTest>): readonly ContractCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: () =>
      runCase(create, async (subject) => {
        const { failures } = extrasOf(subject.store);
        ok(failures, 'The store has no `failures`.');
        await check(failures, subject);
      }),
  }));
}

/**
 * Registers that contract as a suite of the test runner at hand, for a store that keeps failed events.
 *
 * @param runner `{ describe, it }`, where they are no globals (Vitest, node:test)
 * @publicApi
 */
export function describeFailedEventStore(
  name: string,
  create: () => Awaitable<StoreUnderTest>,
  runner: Partial<TestRunner> = {},
): void {
  registerContract(`${name} as a store of failed events`, failedEventStoreContract(create), runner);
}
