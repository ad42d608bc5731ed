import { crc32 } from 'node:zlib';
import { Claim } from './claim.js';
import { DeliveryAbortedError } from './delivery-aborted.error.js';
import type { BeginOptions, BeginResult, CompletedAs, IdempotencyStore } from './idempotency-store.js';
import { eventKey, handlerKey, orderKey } from './ledger-keys.js';
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

/**
 * Who works on which event of one endpoint, and which are done. Every method that begins throws
 *
 * - `StoreUnavailableError` when the store can't tell,
 * - `DeliveryAbortedError` (`shutting_down`) once `drain` was called.
 */
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

  begin(eventId: string, rawBody: Uint8Array): Promise<LedgerAnswer> {
    return this.claim(eventKey(this.endpoint, eventId), crc32(rawBody));
  }

  /** For one handler of an event that is accepted: workers claim each apart. */
  beginHandler(job: {
    readonly eventId: string;
    readonly handler: string;
    readonly run: string | undefined;
    readonly rawBody: Uint8Array;
  }): Promise<LedgerAnswer> {
    const key = handlerKey(this.endpoint, job.eventId, job.handler, job.run);
    return this.claim(key, crc32(job.rawBody));
  }

  /** For what a handler sees in order: done for a position that is older than one it has handled. */
  beginInOrder(handler: string, key: string, position: bigint): Promise<LedgerAnswer> {
    return this.claim(orderKey(this.endpoint, handler, key), 0, position);
  }

  /** Stops claiming, waits for what runs (at most `timeoutMs`), then aborts and releases the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.draining = true;
    await this.running.drain(timeoutMs);
  }

  private async claim(key: string, fingerprint: number, position?: bigint): Promise<LedgerAnswer> {
    this.refuseWhileDraining();
    const { store, leaseMs } = this.options;
    const { ttlMs } = this;
    const result = await this.ask(key, { leaseMs, ttlMs, fingerprint, position });
    switch (result.status) {
      case 'acquired': {
        const claim = new Claim(store, { key, leaseMs, ttlMs, ...result }, (ended) => {
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
