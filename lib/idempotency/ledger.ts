import { crc32 } from 'node:zlib';
import { Claim } from './claim.js';
import { DeliveryAbortedError } from './delivery-aborted.error.js';
import type { BeginOptions, BeginResult, CompletedAs, IdempotencyStore } from './idempotency-store.js';
import { RunningClaims } from './running-claims.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

interface LedgerOptions {
  readonly store: IdempotencyStore;
  readonly leaseMs: number;
  readonly ttlSeconds: number;
}

export type LedgerAnswer =
  | { readonly status: 'acquired'; readonly claim: Claim }
  | { readonly status: 'in_progress'; readonly retryAfterMs: number }
  | { readonly status: CompletedAs; readonly sameBody: boolean };

/** Who works on which event of one endpoint, and which are done. */
export class Ledger {
  private readonly running: RunningClaims;
  private readonly ttlMs: number;
  private draining = false;

  constructor(
    private readonly endpoint: string,
    private readonly options: LedgerOptions,
  ) {
    this.running = new RunningClaims(options.leaseMs / 3);
    this.ttlMs = options.ttlSeconds * 1_000;
  }

  /**
   * @throws StoreUnavailableError when the store can't tell
   * @throws DeliveryAbortedError (`shutting_down`) once `drain` was called
   */
  async begin(eventId: string, rawBody: Uint8Array): Promise<LedgerAnswer> {
    this.refuseWhileDraining();
    const key = `${this.endpoint}:${eventId}`;
    const fingerprint = crc32(rawBody);
    const { store, leaseMs } = this.options;
    const result = await this.ask(key, { leaseMs, ttlMs: this.ttlMs, fingerprint });
    switch (result.status) {
      case 'acquired': {
        const terms = { key, leaseMs, ttlMs: this.ttlMs, ...result };
        const claim = new Claim(store, terms, (ended) => {
          this.running.remove(ended);
        });
        this.running.add(claim);
        await this.giveBackIfDraining(claim);
        return { status: 'acquired', claim };
      }
      case 'in_progress':
        return result;
      case 'done':
      case 'accepted':
        return { status: result.status, sameBody: result.fingerprint === fingerprint };
    }
  }

  /** Stops claiming, waits for what runs (at most `timeoutMs`), then aborts and releases the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.draining = true;
    await this.running.drain(timeoutMs);
  }

  private refuseWhileDraining(): void {
    if (this.draining) {
      throw new DeliveryAbortedError('shutting_down');
    }
  }

  /** The shutdown may have begun while the store was asked. */
  private async giveBackIfDraining(claim: Claim): Promise<void> {
    if (this.draining) {
      await claim.release();
      this.refuseWhileDraining();
    }
  }

  private async ask(key: string, options: BeginOptions): Promise<BeginResult> {
    try {
      return await this.options.store.begin(key, options);
    } catch (cause) {
      throw new StoreUnavailableError('The idempotency store failed in begin().', { cause });
    }
  }
}
