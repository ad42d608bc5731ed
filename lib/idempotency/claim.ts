import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryAbortedError } from './delivery-aborted.error.js';
import type {
  Awaitable,
  CompletedAs,
  FencingToken,
  IdempotencyStore,
  TransactionRecords,
} from './idempotency-store.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

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

/** One key of the ledger, held by this process until it is completed or released. */
export class Claim {
  readonly attempt: number;
  /** Handlers that finished in earlier attempts. */
  readonly handlersDone: ReadonlySet<string>;
  /** What `complete` will say of the work. */
  completesAs: CompletedAs = 'done';
  /** Finished handlers that the store could not be told of. */
  private readonly unrecorded = new Set<string>();
  private ending: (() => Promise<boolean>) | undefined;
  private later: Promise<boolean> | undefined;
  private hasEnded = false;
  private abortReason: DeliveryAbortedError | undefined;
  private abortListener: ((reason: DeliveryAbortedError) => void) | undefined;
  private controller: AbortController | undefined;

  constructor(
    private readonly store: IdempotencyStore,
    private readonly terms: ClaimTerms,
    private readonly onEnd: (claim: Claim) => void,
  ) {
    this.attempt = terms.attempt;
    this.handlersDone = new Set(terms.handlersDone);
  }

  /** Made when somebody first asks for it: most handlers never do. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.abortReason) {
      this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  /** True once the work is over, whether the store knows it yet or not. */
  get isEnding(): boolean {
    return this.ending !== undefined;
  }

  /** Called at most once, with the reason, when this process should stop working on the event. */
  onAbort(listener: (reason: DeliveryAbortedError) => void): void {
    this.abortListener = listener;
    if (this.abortReason) {
      listener(this.abortReason);
    }
  }

  abort(reason: DeliveryAbortedError): void {
    if (this.abortReason) {
      return;
    }
    this.abortReason = reason;
    this.controller?.abort(reason);
    this.abortListener?.(reason);
  }

  /** False when the lease was lost. */
  renew(): Promise<boolean> {
    const { key, token, leaseMs } = this.terms;
    return this.ask('renew', () => this.store.renew(key, token, leaseMs));
  }

  /** Records a finished handler. If the store is away now, it is told when the claim ends. */
  async handlerDone(handler: string): Promise<boolean> {
    this.unrecorded.add(handler);
    const { key, token } = this.terms;
    const held = await this.ask('handlerDone', () => this.store.handlerDone(key, token, handler));
    this.unrecorded.delete(handler);
    return held;
  }

  /** The same within a transaction: it counts when that commits. */
  handlerDoneWithin(records: TransactionRecords, handler: string): Promise<boolean> {
    return this.ask('handlerDone', () => records.handlerDone(this.terms.key, this.terms.token, handler));
  }

  /**
   * @returns false when the lease was lost
   * @throws StoreUnavailableError when the store can't be told now; it goes on being told until it answers, because
   * what is finished must not start again when the lease runs out
   */
  complete(): Promise<boolean> {
    const { key, token, ttlMs } = this.terms;
    return this.end('complete', () => this.store.complete(key, token, ttlMs, this.completesAs));
  }

  /** The same within a transaction; call `close` once it has committed. */
  completeWithin(records: TransactionRecords): Promise<boolean> {
    const { key, token, ttlMs } = this.terms;
    return this.ask('complete', () => records.complete(key, token, ttlMs));
  }

  /** The store knows already how this ended. */
  close(): void {
    this.hasEnded = true;
    this.onEnd(this);
  }

  /** As `complete`, for work that is not finished. Handlers that are stay recorded. */
  release(): Promise<boolean> {
    const { key, token } = this.terms;
    return this.end('release', async () => {
      for (const handler of this.unrecorded) {
        await this.store.handlerDone(key, token, handler);
      }
      return this.store.release(key, token);
    });
  }

  /** For whoever can wait: what the store answered in the end. */
  async settled(ending: Promise<boolean>): Promise<boolean> {
    return ending.catch((error: unknown) => {
      if (!this.later) {
        throw error;
      }
      return this.later;
    });
  }

  /** The last word when the application closes. */
  async giveUp(): Promise<void> {
    if (this.ending) {
      await this.settle(this.ending);
    } else {
      await this.release();
    }
    this.hasEnded = true;
  }

  private async end(method: string, call: () => Awaitable<boolean>): Promise<boolean> {
    const ending = () => this.ask(method, call);
    this.ending = ending;
    try {
      return await this.settle(ending);
    } catch (error) {
      this.later = this.settleLater(ending);
      this.later.catch(() => undefined);
      throw error;
    }
  }

  private async settle(ending: () => Promise<boolean>): Promise<boolean> {
    const held = await ending();
    this.close();
    return held;
  }

  private async settleLater(ending: () => Promise<boolean>): Promise<boolean> {
    let failure: unknown;
    for (let delay = FIRST_RETRY_MS; !this.hasEnded; delay = Math.min(2 * delay, LAST_RETRY_MS)) {
      await wait(delay, undefined, { ref: false });
      try {
        return await this.settle(ending);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private async ask(method: string, call: () => Awaitable<boolean>): Promise<boolean> {
    try {
      return await call();
    } catch (cause) {
      throw new StoreUnavailableError(`The idempotency store failed in ${method}().`, { cause });
    }
  }
}
