import type { Awaitable } from '../shared/awaitable.js';

export type { Awaitable };

/** Grows with each claim of a store, so that a process that lost a claim can't act on its successor's. */
export type FencingToken = number;

/** @publicApi */
export interface BeginOptions {
  /** How long the claim holds without renewal, in milliseconds. */
  readonly leaseMs: number;
  /** How long the key is remembered after its last change, in milliseconds. */
  readonly ttlMs: number;
  /** CRC-32 of the body, handed back by `begin` once the key is done: tells a resend from a reused id. */
  readonly fingerprint: number;
  /**
   * Where this claim stands in the order of its key; only for keys that are begun again and again, each time for
   * a later state of the same thing. `complete` remembers the position of its claim. A position lower than the one
   * remembered is answered `done`, whatever the key's state; one as high or higher may claim a key that is done,
   * and starts with attempt 1. Signed, and below 2^63.
   *
   * @default undefined: a key that is done stays so
   */
  readonly position?: bigint | undefined;
}

/**
 * What `complete` records: `done`, or `accepted` if the work is safely queued.
 *
 * @publicApi
 */
export type CompletedAs = 'done' | 'accepted';

/** @publicApi */
export type BeginResult =
  | {
      readonly status: 'acquired';
      readonly token: FencingToken;
      /** The attempt number, from 1. */
      readonly attempt: number;
      /** Names recorded by `handlerDone` in this and earlier attempts. */
      readonly handlersDone: readonly string[];
    }
  | {
      readonly status: 'in_progress';
      /** When the running claim's lease ends if it is not renewed, in milliseconds from now. */
      readonly retryAfterMs: number;
    }
  | {
      /** What `complete` said; `done` for an outdated position. */
      readonly status: CompletedAs;
      /** That of the last claim. */
      readonly fingerprint: number;
    };

/**
 * The ledger's memory: who is working on which key, what is finished. Keys are opaque.
 *
 * Each method is atomic. `renew`, `handlerDone`, `complete` and `release` act only for the token that holds the
 * key: they return false, and change nothing, once the lease was lost to a later `begin`, and for a key that is
 * done, released or unknown. A lease that has run out but was not taken over is still its holder's.
 * A store that can't answer throws; the delivery is then answered 503 and the sender retries.
 *
 * @publicApi
 */
export interface IdempotencyStore {
  /**
   * True for a store whose memory another process can't see. With such a store a process can neither only receive nor only work.
   *
   * @default false
   */
  readonly isProcessLocal?: boolean;
  /**
   * Claims a key that is unknown, released, expired, or held by a lease that has run out. Expired is a key `ttlMs`
   * after it was completed or released; a running one never is.
   */
  begin(key: string, options: BeginOptions): Awaitable<BeginResult>;
  /** Moves the end of the lease to `leaseMs` from now. */
  renew(key: string, token: FencingToken, leaseMs: number): Awaitable<boolean>;
  /** Records a finished handler; kept through `release` and later claims. */
  handlerDone(key: string, token: FencingToken, handler: string): Awaitable<boolean>;
  /** Marks the key done (or accepted, which `as` says) for `ttlMs`. */
  complete(key: string, token: FencingToken, ttlMs: number, as?: CompletedAs): Awaitable<boolean>;
  /** Gives the key back: the next `begin` gets it at once. */
  release(key: string, token: FencingToken): Awaitable<boolean>;
}

/**
 * What may be recorded inside of a transaction.
 *
 * @publicApi
 */
export type TransactionRecords = Pick<IdempotencyStore, 'handlerDone' | 'complete'>;

/**
 * A store in a database in which handlers write, too.
 *
 * @publicApi
 */
export interface TransactionalIdempotencyStore<Transaction = unknown> extends IdempotencyStore {
  /**
   * Runs `work` in a transaction: what it writes through `transaction` and what it records through `records` commit
   * together when it resolves, and roll back together when it rejects. Once `signal` is aborted, `transaction` is cut off
   * from the database, for a handler that is still running must write nothing more.
   */
  transaction<T>(
    work: (transaction: Transaction, records: TransactionRecords) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}
