import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Awaitable, TransactionalIdempotencyStore } from '../../idempotency/idempotency-store.js';
import { type ContractCase, registerContract, type TestRunner } from './idempotency-store.contract.js';
import { OPTIONS } from './store-steps.js';

/**
 * A store with its transactions, and a table that a handler could write to.
 *
 * @publicApi
 */
export interface TransactionalStoreUnderTest<Transaction> {
  readonly store: TransactionalIdempotencyStore<Transaction>;
  /** Inserts a row that holds `text`, through the transaction, as a handler would. */
  write(transaction: Transaction, text: string): PromiseLike<unknown>;
  /** Whether such a row is there, seen from outside of the transaction. */
  isWritten(text: string): Awaitable<boolean>;
  /** Called at the end of each case. */
  close?(): Awaitable<void>;
}

type Check = <Transaction>(
  subject: TransactionalStoreUnderTest<Transaction>,
  key: string,
  token: number,
) => Promise<void>;

const NO_ABORT = new AbortController().signal;

const CASES: Readonly<Record<string, Check>> = {
  'commits what the work wrote together with what it recorded': async (subject, key, token) => {
    const { store } = subject;
    const result = await store.transaction(async (transaction, records) => {
      await subject.write(transaction, key);
      equal(await subject.isWritten(key), false, 'The write is visible before the commit.');
      ok(await records.complete(key, token, OPTIONS.ttlMs));
      return 'result';
    }, NO_ABORT);
    equal(result, 'result');
    equal(await subject.isWritten(key), true);
    equal((await store.begin(key, OPTIONS)).status, 'done');
  },

  'rolls both back when the work rejects': async (subject, key, token) => {
    const { store } = subject;
    const failure = new Error('The work failed.');
    const transaction = store.transaction(async (tx, records) => {
      await subject.write(tx, key);
      ok(await records.handlerDone(key, token, 'A.one'));
      throw failure;
    }, NO_ABORT);
    await rejects(transaction, (error) => error === failure);
    equal(await subject.isWritten(key), false);
    await store.release(key, token);
    const again = await store.begin(key, OPTIONS);
    deepEqual(again.status === 'acquired' && again.handlersDone, []);
  },

  'rolls back when another process has taken the event over': async (subject, key, token) => {
    const transaction = subject.store.transaction(async (tx, records) => {
      await subject.write(tx, key);
      equal(await records.complete(key, token + 1_000, OPTIONS.ttlMs), false);
    }, NO_ABORT);
    await rejects(transaction);
    equal(await subject.isWritten(key), false);
  },

  'rolls back as soon as the work is aborted, and refuses what comes later': async (subject, key) => {
    const controller = new AbortController();
    let late: (() => Promise<unknown>) | undefined;
    const transaction = subject.store.transaction(async (tx) => {
      await subject.write(tx, key);
      late = async () => subject.write(tx, `${key} late`);
      controller.abort(new Error('aborted'));
      await new Promise(() => undefined);
    }, controller.signal);
    await rejects(transaction, /aborted/);
    await rejects(async () => late?.());
    equal(await subject.isWritten(key), false);
    equal(await subject.isWritten(`${key} late`), false);
  },

  'refuses a write that comes after the commit': async (subject, key) => {
    let late: (() => Promise<unknown>) | undefined;
    await subject.store.transaction(async (tx) => {
      await subject.write(tx, key);
      late = async () => subject.write(tx, `${key} late`);
    }, NO_ABORT);
    equal(await subject.isWritten(key), true);
    await rejects(async () => late?.());
    equal(await subject.isWritten(`${key} late`), false);
  },

  'keeps transactions that run side by side apart': async (subject, key) => {
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map((n) =>
        subject.store.transaction(async (tx) => {
          await subject.write(tx, `${key} ${n}`);
          if (n % 2 === 0) {
            throw new Error('even');
          }
        }, NO_ABORT),
      ),
    );
    deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
    );
    const written = await Promise.all([1, 2, 3, 4].map(async (n) => subject.isWritten(`${key} ${n}`)));
    deepEqual(written, [true, false, true, false]);
  },
};

/**
 * What the transactions of every store do, whichever library runs them: for runners that have no `describe` and `it`.
 *
 * @param create makes the store for each case; its tables are there already
 * @publicApi
 */
export function transactionalStoreContract<Transaction>(
  create: () => Awaitable<TransactionalStoreUnderTest<Transaction>>,
): readonly ContractCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => {
      const subject = await create();
      try {
        const key = `contract ${randomUUID()}`;
        const claim = await subject.store.begin(key, OPTIONS);
        ok(claim.status === 'acquired');
        await check(subject, key, claim.token);
      } finally {
        await subject.close?.();
      }
    },
  }));
}

/**
 * Registers that contract as a suite of the test runner at hand: for the wrapper of an ORM that you wrote for
 * `PostgresIdempotencyStore`.
 *
 * @param runner `{ describe, it }`, where they are no globals (Vitest, node:test)
 * @publicApi
 */
export function describeTransactionalStore<Transaction>(
  name: string,
  create: () => Awaitable<TransactionalStoreUnderTest<Transaction>>,
  runner: Partial<TestRunner> = {},
): void {
  registerContract(`${name}, transactions`, transactionalStoreContract(create), runner);
}
