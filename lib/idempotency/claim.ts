import { AsyncResource } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { andThen, attempt, type Awaitable } from '../shared/awaitable.js';
import { askStore, DeliveryAbortedError } from './idempotency.errors.js';
import type { CompletedAs, FencingToken, IdempotencyStore, TransactionRecords } from './idempotency-store.js';
import type { CompletionWithRemoval } from './transactional-inbox.js';

interface ClaimTerms {
  readonly key: string;
  readonly token: FencingToken;
  readonly attempt: number;
  readonly handlersDone: readonly string[];
  readonly leaseMs: number;
  readonly ttlMs: number;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
const NONE: ReadonlySet<string> = new Set();

/** One key of the ledger, held by this process until it is completed or released. */
export class Claim {
  readonly attempt: number;
  readonly since = performance.now();
  /** Handlers that finished in earlier attempts. */
  readonly handlersDone: ReadonlySet<string>;
  /** What `complete` will record. */
  completesAs: CompletedAs = 'done';
  /** False for a lease that is held while nothing is done, too: however old, it is no sign of work that hangs. */
  isWork = true;
  /** Finished handlers that the store does not know of yet. */
  private unrecorded: Set<string> | undefined;
  private ending: (() => Awaitable<boolean>) | undefined;
  private later: Promise<boolean> | undefined;
  private hasEnded = false;
  private abortReason: DeliveryAbortedError | undefined;
  private abortListeners: ((reason: DeliveryAbortedError) => void)[] | undefined;
  private controller: AbortController | undefined;
  private timeLimit: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: IdempotencyStore,
    private readonly terms: ClaimTerms,
    private readonly onEnd: (claim: Claim) => void,
  ) {
    this.attempt = terms.attempt;
    this.handlersDone = terms.handlersDone.length > 0 ? new Set(terms.handlersDone) : NONE;
  }

  /** Created on first use: most handlers never read it. */
  get signal(): AbortSignal {
    if (!this.controller) {
      const controller = new AbortController();
      this.controller = controller;
      const abort = (reason: DeliveryAbortedError) => {
        controller.abort(reason);
      };
      // Listeners run in the async context that read the signal, not in that of a timer that others share.
      this.onAbort(AsyncResource.bind(abort, 'ScalekitAbortSignal'));
    }
    return this.controller.signal;
  }

  /** True once the work is over, whether the store knows it yet or not. */
  get isEnding(): boolean {
    return this.ending !== undefined;
  }

  /** Calls `listener` at most once, with the reason, when this process should stop working on the event. */
  onAbort(listener: (reason: DeliveryAbortedError) => void): void {
    if (this.abortReason) {
      listener(this.abortReason);
    } else {
      (this.abortListeners ??= []).push(listener);
    }
  }

  throwIfAborted(): void {
    if (this.abortReason) {
      throw this.abortReason;
    }
  }

  /** Aborts the claim (`handler_timeout`) if it has not ended by then. */
  limitTime(ms: number): void {
    this.timeLimit = setTimeout(() => {
      this.abort(new DeliveryAbortedError('handler_timeout'));
    }, ms);
  }

  abort(reason: DeliveryAbortedError): void {
    if (this.abortReason) {
      return;
    }
    this.abortReason = reason;
    this.abortListeners?.forEach((listener) => {
      listener(reason);
    });
  }

  /** False when the lease was lost. */
  renew(): Awaitable<boolean> {
    const { key, token, leaseMs } = this.terms;
    return askStore('renew', () => this.store.renew(key, token, leaseMs));
  }

  /** Records a finished handler. If the store is away now, the end of the claim records it. */
  async handlerDone(handler: string): Promise<boolean> {
    this.unrecorded ??= new Set();
    this.unrecorded.add(handler);
    const { key, token } = this.terms;
    const held = await askStore('handlerDone', () => this.store.handlerDone(key, token, handler));
    this.unrecorded.delete(handler);
    return held;
  }

  /** The same within a transaction: it counts when that commits. */
  handlerDoneWithin(records: TransactionRecords, handler: string): Awaitable<boolean> {
    return askStore('handlerDone', () => records.handlerDone(this.terms.key, this.terms.token, handler));
  }

  /**
   * @returns false when the lease was lost
   * @throws StoreUnavailableError when the store is away; the claim then retries until it answers, because finished work must
   * not start again when the lease runs out
   * @param removal completes the claim in place of the store
   */
  complete(removal?: CompletionWithRemoval): Awaitable<boolean> {
    const { key, token, ttlMs } = this.terms;
    return this.end('complete', () =>
      removal ? removal.complete(this.terms) : this.store.complete(key, token, ttlMs, this.completesAs),
    );
  }

  /** The same within a transaction; call `close` once it has committed. */
  completeWithin(records: TransactionRecords, removal?: CompletionWithRemoval): Awaitable<boolean> {
    const { key, token, ttlMs } = this.terms;
    return askStore('complete', () =>
      removal ? removal.completeWithin(records, this.terms) : records.complete(key, token, ttlMs),
    );
  }

  /** Ends the claim without telling the store, which knows from the transaction. */
  close(): void {
    clearTimeout(this.timeLimit);
    this.hasEnded = true;
    this.onEnd(this);
  }

  /** As `complete`, for unfinished work. Handlers that have finished stay recorded. */
  async release(): Promise<boolean> {
    const { key, token } = this.terms;
    return this.end('release', async () => {
      for (const handler of this.unrecorded ?? NONE) {
        await this.store.handlerDone(key, token, handler);
      }
      return this.store.release(key, token);
    });
  }

  /** Runs `end` and waits for the store's answer, even while the store is away. */
  async settled(end: () => Awaitable<boolean>): Promise<boolean> {
    try {
      return await end();
    } catch (error) {
      if (!this.later) {
        throw error;
      }
      return this.later;
    }
  }

  /** Tries to end the claim a last time, when the application closes. */
  async giveUp(): Promise<void> {
    if (this.ending) {
      await this.ending();
    } else {
      await this.release();
    }
    this.hasEnded = true;
  }

  private end(method: string, call: () => Awaitable<boolean>): Awaitable<boolean> {
    clearTimeout(this.timeLimit);
    const ending = () =>
      andThen(askStore(method, call), (held) => {
        this.close();
        return held;
      });
    this.ending = ending;
    return attempt(
      ending,
      (held) => held,
      (error) => {
        this.later = this.endLater(ending);
        this.later.catch(() => undefined);
        throw error;
      },
    );
  }

  private async endLater(ending: () => Awaitable<boolean>): Promise<boolean> {
    let failure: unknown;
    for (let delay = FIRST_RETRY_MS; !this.hasEnded; delay = Math.min(2 * delay, LAST_RETRY_MS)) {
      await wait(delay, undefined, { ref: false });
      try {
        return await ending();
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
