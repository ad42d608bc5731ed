import type {
  BeginOptions,
  BeginResult,
  CompletedAs,
  FencingToken,
  IdempotencyStore,
} from './idempotency-store.js';

/** An event to accept: the claim that it asks for, and as what the claim is completed at once. */
export interface InboxEvent extends Omit<BeginOptions, 'position'> {
  readonly key: string;
  readonly as: CompletedAs;
}

/** `queued`: the event was new. It is completed, and its jobs, if it has any, are queued. */
export type AcceptResult = BeginResult | { readonly status: 'queued'; readonly as: CompletedAs };

/** What a queue does in the store's transaction: SQL with one parameter, `$1`, the text of a JSON array of jobs. */
export interface QueueChange {
  readonly insert: string;
  /** For jobs that `insert` passes over because the queue has them. */
  readonly revive: string;
  /** The text of the JSON array. */
  readonly jobs: string;
  /** The key of each job's event, in the order of the jobs. */
  readonly keys: readonly string[];
}

export interface HeldClaim {
  readonly key: string;
  readonly token: FencingToken;
  readonly ttlMs: number;
}

/** A claim to complete, and the job that is removed with it. */
export interface FinishedJob extends HeldClaim {
  readonly job: object;
}

/**
 * The part of a store that changes a queue and the ledger in one transaction, where the queue is in the store's
 * database. The SQL is the queue's.
 */
export interface TransactionalInbox {
  /** Sends a statement without a parameter. It gives one row with one column, `answers`: the text of a JSON value. */
  ask(statement: string): Promise<unknown>;
  /**
   * Claims and completes the events that are new, and queues their jobs. Begins the others as `begin` does. Where one
   * statement fails, nothing has happened. The first of several events with one key counts.
   */
  accept(events: readonly InboxEvent[], change: QueueChange): Promise<readonly AcceptResult[]>;
  /** Completes claims, and removes the jobs of those that are still held. `remove` is SQL as in `QueueChange`. */
  finish(jobs: readonly FinishedJob[], remove: string): Promise<readonly boolean[]>;
}

/** Completes a claim of a handler, and removes its job, in one transaction. False when the lease was lost. */
export interface CompletionWithRemoval {
  complete(claim: HeldClaim): Promise<boolean>;
  /** The same in the transaction of a handler, which `records` belong to. */
  completeWithin(records: object, claim: HeldClaim): Promise<boolean>;
}

/** What `TransactionRecords` of a store with an inbox have besides. */
export type InboxRecords = Pick<TransactionalInbox, 'finish'>;

/** Reads what a store offers, without asking its type. */
export const inboxOf = (store: IdempotencyStore) => (store as { readonly inbox?: TransactionalInbox }).inbox;
