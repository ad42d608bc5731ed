/** What a store may return: a value at once (memory) or a promise of it (a server). */
export type Awaitable<T> = T | PromiseLike<T>;

/** Grows with each claim of a store, so that whoever lost a claim can't act on its successor's. */
export type FencingToken = number;

/** @publicApi */
export interface BeginOptions {
  /** How long the claim holds without renewal, in milliseconds. */
  readonly leaseMs: number;
  /** How long the key is remembered after its last change, in milliseconds. */
  readonly ttlMs: number;
  /** CRC-32 of the body, handed back by `begin` once the key is done: tells a resend from a reused id. */
  readonly fingerprint: number;
}

/** @publicApi */
export type BeginResult =
  | {
      readonly status: 'acquired';
      readonly token: FencingToken;
      /** How many times this key was begun, this time included. */
      readonly attempt: number;
      /** Names recorded by `handlerDone` in this and earlier attempts. */
      readonly handlersDone: readonly string[];
    }
  | {
      readonly status: 'in_progress';
      /** When the running claim's lease ends if it is not renewed, in milliseconds from now. */
      readonly retryAfterMs: number;
    }
  | { readonly status: 'done'; readonly fingerprint: number };

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
  /** Claims a key that is unknown, released, expired, or held by a lease that has run out. */
  begin(key: string, options: BeginOptions): Awaitable<BeginResult>;
  /** Moves the end of the lease to `leaseMs` from now. */
  renew(key: string, token: FencingToken, leaseMs: number): Awaitable<boolean>;
  /** Records a finished handler; kept through `release` and later claims. */
  handlerDone(key: string, token: FencingToken, handler: string): Awaitable<boolean>;
  /** Marks the key done for `ttlMs`. */
  complete(key: string, token: FencingToken, ttlMs: number): Awaitable<boolean>;
  /** Gives the key back: the next `begin` gets it at once. */
  release(key: string, token: FencingToken): Awaitable<boolean>;
}
