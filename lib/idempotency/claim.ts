import type { DeliveryAbortedError } from './delivery-aborted.error.js';
import type { FencingToken, IdempotencyStore } from './idempotency-store.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

interface ClaimTerms {
  readonly key: string;
  readonly token: FencingToken;
  readonly attempt: number;
  readonly handlersDone: readonly string[];
  readonly leaseMs: number;
  readonly ttlMs: number;
}

/** One event, held by this process until it is completed or released. */
export class Claim {
  readonly attempt: number;
  /** Handlers that finished in earlier attempts. */
  readonly handlersDone: ReadonlySet<string>;
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
    return this.ask('renew', (store) => store.renew(this.terms.key, this.terms.token, this.terms.leaseMs));
  }

  handlerDone(handler: string): Promise<boolean> {
    return this.ask('handlerDone', (store) => store.handlerDone(this.terms.key, this.terms.token, handler));
  }

  complete(): Promise<boolean> {
    this.onEnd(this);
    return this.ask('complete', (store) =>
      store.complete(this.terms.key, this.terms.token, this.terms.ttlMs),
    );
  }

  release(): Promise<boolean> {
    this.onEnd(this);
    return this.ask('release', (store) => store.release(this.terms.key, this.terms.token));
  }

  private async ask(
    method: string,
    call: (store: IdempotencyStore) => boolean | PromiseLike<boolean>,
  ): Promise<boolean> {
    try {
      return await call(this.store);
    } catch (cause) {
      throw new StoreUnavailableError(`The idempotency store failed in ${method}().`, { cause });
    }
  }
}
