import { DeliveryAbortedError } from '../../idempotency/idempotency.errors.js';
import type { TransactionRecords } from '../../idempotency/idempotency-store.js';
import type { InboxRecords } from '../../idempotency/transactional-inbox.js';
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
export async function runTransaction<Transaction, T>({
  run,
  work,
  statements,
  signal,
  timeoutMs,
}: TransactionTerms<Transaction, T>): Promise<T> {
  signal.throwIfAborted();
  const server = new Patience(timeoutMs);
  server.isAsked(tooSlow('BEGIN', timeoutMs));
  const inTransaction = async (tx: Transaction, client: PostgresClient) => {
    server.hasAnswered();
    const lease = { isLost: false };
    const records = recordsWithin(client, statements, () => {
      lease.isLost = true;
    });
    try {
      const result = await untilAborted(async () => work(tx, records), signal);
      if (lease.isLost) {
        throw new DeliveryAbortedError('lease_lost');
      }
      server.isAsked(tooSlow('COMMIT', timeoutMs));
      return result;
    } catch (error) {
      server.isAsked(error);
      throw error;
    }
  };
  return server.waitFor(async () => run(inTransaction, signal));
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

class Patience {
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;
  private giveUp: (reason: unknown) => void = () => undefined;
  private readonly givenUp = new Promise<never>((_, reject) => {
    this.giveUp = reject;
  });

  constructor(private readonly ms: number) {}

  /** From now on the server may take its time, and then it failed for that reason. */
  isAsked(reason: unknown): void {
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.giveUp(reason);
    }, this.ms);
  }

  /** @throws when the answer comes too late for anybody to care */
  hasAnswered(): void {
    clearTimeout(this.timer);
    if (this.isOver) {
      throw tooSlow('BEGIN', this.ms);
    }
  }

  async waitFor<T>(answer: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([answer(), this.givenUp]);
    } finally {
      clearTimeout(this.timer);
    }
  }
}

/** What is aborted before it could begin, as while it waited for BEGIN, does not begin. */
async function untilAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort as () => void);
  }
}
