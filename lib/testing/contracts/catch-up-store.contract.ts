import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Awaitable } from '../../idempotency/idempotency-store.js';
import { type CatchUpStore, extrasOf } from '../../idempotency/idempotency-store.extras.js';
import {
  type ContractCase,
  registerContract,
  runCase,
  type TestRunner,
} from './idempotency-store.contract.js';
import type { StoreCase, StoreUnderTest } from './store-case.js';
import { OPTIONS } from './store-steps.js';

const { leaseMs, ttlMs } = OPTIONS;

type Check = (catchUp: CatchUpStore, subject: StoreCase) => Promise<void>;

const CASES: Readonly<Record<string, Check>> = {
  'tells what is done, unfinished and unknown, in the order asked, and claims nothing': async (
    catchUp,
    subject,
  ) => {
    const { store } = subject;
    for (const [key, as] of [
      ['done', 'done'],
      ['queued', 'accepted'],
    ] as const) {
      const { token } = await subject.acquire(key);
      await store.complete(key, token, ttlMs, as);
    }
    const { token } = await subject.acquire('released');
    await store.release('released', token);
    await subject.acquire('running');
    const keys = ['new', 'running', 'done', 'released', 'queued', 'done', '{a}\nb'];
    const states = ['unknown', 'unfinished', 'done', 'unfinished', 'done', 'done', 'unknown'];
    deepEqual(await catchUp.look(keys), states);
    deepEqual(await catchUp.look([]), []);
    equal((await subject.acquire('new')).attempt, 1);
    equal((await subject.acquire('released')).attempt, 2);
    await subject.pass(leaseMs + 1);
    deepEqual(await catchUp.look(['running']), ['unfinished']);
  },

  'no longer knows what has expired': async (catchUp, subject) => {
    const { token } = await subject.acquire('done');
    await subject.store.complete('done', token, ttlMs);
    const released = await subject.acquire('released');
    await subject.store.release('released', released.token);
    await subject.pass(ttlMs + 1);
    deepEqual(await catchUp.look(['done', 'released']), ['unknown', 'unknown']);
  },

  'keeps a text for good, and each name apart': async (catchUp, subject) => {
    equal(await catchUp.read('a'), undefined);
    const text = '{"at":"ключ \\u0000 🔑","n":1}';
    equal(await catchUp.replace('a', undefined, text), true);
    equal(await catchUp.replace('a\nb', undefined, 'other'), true);
    await subject.pass(10 * ttlMs);
    equal(await catchUp.read('a'), text);
    equal(await catchUp.read('a\nb'), 'other');
    equal(await catchUp.read('b'), undefined);
  },

  'replaces only the text that is expected': async (catchUp) => {
    equal(await catchUp.replace('a', 'something', 'one'), false);
    equal(await catchUp.replace('a', undefined, 'one'), true);
    equal(await catchUp.replace('a', undefined, 'two'), false);
    equal(await catchUp.replace('a', 'two', 'three'), false);
    equal(await catchUp.read('a'), 'one');
    equal(await catchUp.replace('a', 'one', 'two'), true);
    equal(await catchUp.read('a'), 'two');
  },

  'lets one of many replace a text': async (catchUp) => {
    for (const expected of [undefined, 'first']) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, n) =>
          catchUp.replace('a', expected, expected === undefined ? 'first' : `next ${n}`),
        ),
      );
      equal(answers.filter(Boolean).length, 1);
    }
  },
};

/**
 * What `catchUp` of every idempotency store does: for runners that have no `describe` and `it`.
 *
 * @param create makes an empty store for each case
 * @publicApi
 */
export function catchUpStoreContract(create: () => Awaitable<StoreUnderTest>): readonly ContractCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: () =>
      runCase(create, async (subject) => {
        const { catchUp } = extrasOf(subject.store);
        ok(catchUp, 'The store has no `catchUp`.');
        await check(catchUp, subject);
      }),
  }));
}

/**
 * Registers that contract as a suite of the test runner at hand, for a store that the option `catchUp` can use.
 *
 * @param runner `{ describe, it }`, where they are no globals (Vitest, node:test)
 * @publicApi
 */
export function describeCatchUpStore(
  name: string,
  create: () => Awaitable<StoreUnderTest>,
  runner: Partial<TestRunner> = {},
): void {
  registerContract(`${name} as a store for catching up`, catchUpStoreContract(create), runner);
}
