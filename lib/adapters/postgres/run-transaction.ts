import type { TransactionRecords } from '../../idempotency/idempotency-store.js';
import { DeliveryAbortedError } from '../../idempotency/idempotency.errors.js';
import type { InboxRecords } from '../../idempotency/transactional-inbox.js';
import { untilAborted } from '../../shared/within.js';
import { STATE } from './begin-batch.js';
import { assertText, toStoredKey } from './names.js';
import type { PostgresClient, PostgresTransactionRunner } from './postgres-client.js';
import { PostgresInbox } from './postgres-inbox.js';
import { send, tooSlow } from './send-statement.js';
import { lastBeforeCommit, type Statements } from './statements.sql.js';

export interface TransactionTerms<Transaction, T> {
  readonly run: PostgresTransactionRunner<Transaction>;
  readonly work: (transaction: Transaction, records: TransactionRecords) => Promise<T>;
  readonly statements: Statements;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * The work ends when it is aborted, and rolls back when a record was refused, whatever it says. What the server does
 * before and after it is waited for no longer than `timeoutMs`: whether a COMMIT that was not answered took
 * effect, the ledger knows at the retry.
 */
export function runTransaction<Transaction, T>({
  run,
  work,
  statements,
  signal,
  timeoutMs,
}: TransactionTerms<Transaction, T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const waitForServer = (errorIfLate: Error) => {
      timer = setTimeout(() => {
        isOver = true;
        reject(errorIfLate);
      }, timeoutMs);
    };
    const inTransaction = async (tx: Transaction, client: PostgresClient) => {
      clearTimeout(timer);
      if (isOver) {
        throw tooSlow('BEGIN', timeoutMs);
      }
      const lease = { isLost: false };
      const records = recordsWithin(client, statements, () => {
        lease.isLost = true;
      });
      try {
        signal.throwIfAborted();
        const result = await untilAborted(signal, work(tx, records));
        if (lease.isLost) {
          throw new DeliveryAbortedError('lease_lost');
        }
        waitForServer(tooSlow('COMMIT', timeoutMs));
        return result;
      } catch (error) {
        waitForServer(error as Error);
        throw error;
      }
    };
    waitForServer(tooSlow('BEGIN', timeoutMs));
    Promise.resolve()
      .then(() => run(inTransaction, signal))
      .finally(() => {
        clearTimeout(timer);
      })
      .then(resolve, reject);
  });
}

function recordsWithin(
  client: PostgresClient,
  statements: Statements,
  onRefused: () => void,
): TransactionRecords & InboxRecords {
  const sendLast = async <Answer>(statement: string, parameter: unknown) =>
    send<Answer>(client, lastBeforeCommit(statement), parameter);
  const checked = (isHeld: boolean) => {
    if (!isHeld) {
      onRefused();
    }
    return isHeld;
  };
  const record = async (statement: string, call: object) =>
    checked((await sendLast<string[]>(statement, [call])).length > 0);
  return {
    handlerDone: async (key, token, handler) => {
      assertText(handler);
      return record(statements.handlerDone, { key: toStoredKey(key), token, handler });
    },
    complete: async (key, token, ttlMs, as = 'done') =>
      record(statements.complete, { key: toStoredKey(key), token, ttlMs, state: STATE[as] }),
    finish: async (jobs, remove) =>
      (await new PostgresInbox(sendLast, statements).finish(jobs, remove)).map(checked),
  };
}
