import { OldestFirstMap } from '../shared/oldest-first.map.js';
import {
  type IdempotencyStoreExtras,
  type KeyState,
  reopenedFrom,
  type ReopenOptions,
  type ReopenResult,
} from './idempotency-store.extras.js';
import { MemoryApplications, MemoryCatchUp, MemoryFailures } from './memory-store.extras.js';
import { StoreUnavailableError } from './idempotency.errors.js';
import type {
  BeginOptions,
  BeginResult,
  CompletedAs,
  FencingToken,
  IdempotencyStore,
} from './idempotency-store.js';

interface Claimed {
  readonly token: FencingToken;
  readonly attempt: number;
  readonly fingerprint: number;
  readonly ttlMs: number;
  readonly position: bigint | undefined;
  readonly lastPosition: bigint | undefined;
  handlersDone: readonly string[];
  leaseEndsAt: number;
}

interface Released {
  readonly attempt: number;
  readonly handlersDone: readonly string[];
  readonly fingerprint: number;
  readonly lastPosition: bigint | undefined;
  readonly expiresAt: number;
}

/** What a new claim takes over from the one before. */
type Before = Pick<Released, 'attempt' | 'handlersDone'> & Partial<Pick<Released, 'lastPosition'>>;

interface Done {
  readonly as: CompletedAs;
  /** As a signed integer of 32 bits: V8 keeps a larger one in memory of its own, 16 bytes an entry. */
  readonly fingerprint: number;
  /** In whole milliseconds, for the same reason. */
  readonly expiresAt: number;
  /** Left out of most, and then it takes no memory. */
  readonly lastPosition?: bigint | undefined;
}

/** @publicApi */
export interface MemoryIdempotencyStoreOptions {
  /**
   * How many event ids are remembered. When full, the completed event that was asked for longest ago is forgotten
   * first; one that is running never is: `begin` then fails and the delivery is answered 503.
   *
   * @default 100_000
   */
  readonly maxEntries?: number;
}

/**
 * The default store: one process, lost on restart, as fast as a `Map`. Time is monotonic, so a clock that is set
 * back or forward neither ends nor extends a lease.
 *
 * @publicApi
 */
export class MemoryIdempotencyStore implements IdempotencyStore, IdempotencyStoreExtras {
  readonly isProcessLocal: boolean = true;
  private readonly maxEntries: number;
  /** Ordered by the end of the lease: a renewed claim moves to the end. */
  private readonly claimed = new Map<string, Claimed>();
  private readonly released = new OldestFirstMap<string, Released>();
  /** Ordered by the last time the key was asked for. */
  private readonly done = new OldestFirstMap<string, Done>();
  private lastToken: FencingToken = 0;
  readonly failures = new MemoryFailures((key, options) => this.reopen(key, options));
  readonly applications = new MemoryApplications();
  readonly catchUp = new MemoryCatchUp((key) => this.stateOf(key));

  constructor({ maxEntries = 100_000 }: MemoryIdempotencyStoreOptions = {}) {
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw new RangeError(
        `MemoryIdempotencyStore: maxEntries must be a whole number from 1, received ${String(maxEntries)}.`,
      );
    }
    this.maxEntries = maxEntries;
  }

  /** How many event ids are remembered now. */
  get size(): number {
    return this.claimed.size + this.released.size + this.done.size;
  }

  begin(key: string, options: BeginOptions): BeginResult {
    const now = performance.now();
    const done = this.unexpired(this.done, key, now);
    const holder = this.claimed.get(key);
    const before = holder ?? this.unexpired(this.released, key, now);
    const last = done ?? before;
    if (last && isOutdated(options.position, last.lastPosition)) {
      return { status: 'done', fingerprint: last.fingerprint >>> 0 };
    }
    if (done && options.position === undefined) {
      this.done.set(key, done);
      return { status: done.as, fingerprint: done.fingerprint >>> 0 };
    }
    if (holder && holder.leaseEndsAt > now) {
      return { status: 'in_progress', retryAfterMs: holder.leaseEndsAt - now };
    }
    return this.claim(key, options, now, before, done?.lastPosition);
  }

  renew(key: string, token: FencingToken, leaseMs: number): boolean {
    const claimed = this.heldBy(key, token);
    if (!claimed) {
      return false;
    }
    claimed.leaseEndsAt = performance.now() + leaseMs;
    this.claimed.delete(key);
    this.claimed.set(key, claimed);
    return true;
  }

  handlerDone(key: string, token: FencingToken, handler: string): boolean {
    const claimed = this.heldBy(key, token);
    if (!claimed) {
      return false;
    }
    if (!claimed.handlersDone.includes(handler)) {
      claimed.handlersDone = [...claimed.handlersDone, handler];
    }
    return true;
  }

  complete(key: string, token: FencingToken, ttlMs: number, as: CompletedAs = 'done'): boolean {
    const claimed = this.heldBy(key, token);
    if (!claimed) {
      return false;
    }
    const { fingerprint, lastPosition, position = lastPosition } = claimed;
    const expiresAt = Math.ceil(performance.now() + ttlMs);
    this.claimed.delete(key);
    this.done.set(
      key,
      position === undefined
        ? { as, fingerprint: fingerprint | 0, expiresAt }
        : { as, fingerprint: fingerprint | 0, expiresAt, lastPosition: position },
    );
    return true;
  }

  release(key: string, token: FencingToken): boolean {
    const claimed = this.heldBy(key, token);
    if (!claimed) {
      return false;
    }
    const { attempt, handlersDone, fingerprint, lastPosition, ttlMs } = claimed;
    const expiresAt = performance.now() + ttlMs;
    this.claimed.delete(key);
    this.released.set(key, { attempt, handlersDone, fingerprint, lastPosition, expiresAt });
    return true;
  }

  private reopen(key: string, { again, finished, ...options }: ReopenOptions): ReopenResult {
    const now = performance.now();
    const holder = this.claimed.get(key);
    if (holder && holder.leaseEndsAt > now) {
      return { status: 'in_progress', retryAfterMs: holder.leaseEndsAt - now };
    }
    const before = holder ?? this.unexpired(this.released, key, now);
    const { handlersDone, reopened } = reopenedFrom(before?.handlersDone ?? finished, again);
    return { ...this.claim(key, options, now, { attempt: before?.attempt ?? 0, handlersDone }), reopened };
  }

  private claim(
    key: string,
    { fingerprint, leaseMs, ttlMs, position }: BeginOptions,
    now: number,
    before?: Before,
    lastPosition = before?.lastPosition,
  ): BeginResult {
    this.claimed.delete(key);
    this.released.delete(key);
    this.done.delete(key);
    if (this.size >= this.maxEntries) {
      this.forgetOne(now);
    }
    const attempt = (before?.attempt ?? 0) + 1;
    const handlersDone = before?.handlersDone ?? [];
    const token = ++this.lastToken;
    const leaseEndsAt = now + leaseMs;
    this.claimed.set(key, {
      token,
      attempt,
      handlersDone,
      fingerprint,
      ttlMs,
      position,
      lastPosition,
      leaseEndsAt,
    });
    return { status: 'acquired', token, attempt, handlersDone };
  }

  private stateOf(key: string): KeyState {
    const now = performance.now();
    if (this.unexpired(this.done, key, now)) {
      return 'done';
    }
    return this.claimed.has(key) || this.unexpired(this.released, key, now) ? 'unfinished' : 'unknown';
  }

  private unexpired<T extends { readonly expiresAt: number }>(
    entries: OldestFirstMap<string, T>,
    key: string,
    now: number,
  ): T | undefined {
    const entry = entries.get(key);
    if (entry && entry.expiresAt <= now) {
      entries.delete(key);
      return undefined;
    }
    return entry;
  }

  private heldBy(key: string, token: FencingToken): Claimed | undefined {
    const claimed = this.claimed.get(key);
    return claimed?.token === token ? claimed : undefined;
  }

  private forgetOne(now: number): void {
    if (this.done.deleteOldest() ?? this.released.deleteOldest()) {
      return;
    }
    const [first] = this.claimed;
    if (first && first[1].leaseEndsAt <= now) {
      this.claimed.delete(first[0]);
      return;
    }
    throw new StoreUnavailableError(
      `All ${this.maxEntries} entries of the memory store are running events. Raise maxEntries, or use a shared store.`,
    );
  }
}

function isOutdated(position: bigint | undefined, last: bigint | undefined): boolean {
  return position !== undefined && last !== undefined && position < last;
}
