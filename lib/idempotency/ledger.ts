import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { andThen, type Awaitable } from '../shared/awaitable.js';
import { Claim } from './claim.js';
import { FAILED_EVENT_DEFAULTS, type FailedEventOptions, FailureLedger } from './failure.ledger.js';
import { extrasOf } from './idempotency-store.extras.js';
import type { BeginOptions, BeginResult, CompletedAs, IdempotencyStore } from './idempotency-store.js';
import { askStore, DeliveryAbortedError } from './idempotency.errors.js';
import { fingerprintOf, NO_FINGERPRINT, type VerifiedDelivery } from '../signature/verified-delivery.js';
import { RunningClaims } from './running-claims.js';
import type { AcceptResult } from './transactional-inbox.js';

interface LedgerOptions {
  readonly store: IdempotencyStore;
  readonly leaseMs: number;
  readonly ttlSeconds: number;
  /** Undefined: the defaults. */
  readonly failed?: FailedEventOptions;
}

export type LedgerAnswer =
  | { readonly status: 'acquired'; readonly claim: Claim }
  | { readonly status: 'in_progress'; readonly retryAfterMs: number }
  | { readonly status: CompletedAs; readonly sameBody: boolean };

export type AcceptAnswer = LedgerAnswer | Extract<AcceptResult, { status: 'queued' }>;

/**
 * Which events of one endpoint are being worked on, and which are done. Every `begin` answers at once if the store
 * does, and throws (or rejects with)
 *
 * - `StoreUnavailableError` when the store can't answer,
 * - `DeliveryAbortedError` (`shutting_down`) once `drain` was called.
 */
export class Ledger {
  /** Undefined where the store or the options keep none. */
  readonly failures: FailureLedger | undefined;
  private readonly running: RunningClaims;
  private readonly ttlMs: number;
  private draining = false;
  private readonly onEnd = (claim: Claim) => {
    this.running.remove(claim);
  };

  constructor(
    /** The endpoint's `scopeOf`: what its keys begin with. */
    private readonly scope: string,
    private readonly options: LedgerOptions,
  ) {
    this.running = new RunningClaims(options.leaseMs / 3);
    this.ttlMs = options.ttlSeconds * 1_000;
    this.failures = this.createFailures();
  }

  begin(delivery: VerifiedDelivery): Awaitable<LedgerAnswer> {
    return this.claim(eventKey(this.scope, delivery.event.id), fingerprintOf(delivery));
  }

  /** As `begin`, by asking a queue that can claim an event and take its jobs at once: the event is `queued` then. */
  accept(
    delivery: VerifiedDelivery,
    ask: (key: string, options: BeginOptions) => Awaitable<AcceptResult>,
  ): Awaitable<AcceptAnswer> {
    this.refuseWhileDraining();
    const [key, fingerprint] = [eventKey(this.scope, delivery.event.id), fingerprintOf(delivery)];
    const { leaseMs } = this.options;
    const result = askStore('accept', () => ask(key, { leaseMs, ttlMs: this.ttlMs, fingerprint }));
    return andThen(result, (answer) =>
      answer.status === 'queued' ? answer : this.readAnswer(answer, key, fingerprint),
    );
  }

  /** For one handler of a queued event: workers claim each handler separately. */
  beginHandler(job: {
    readonly eventId: string;
    readonly handler: string;
    readonly run: string | undefined;
    readonly rawBody: Uint8Array;
  }): Awaitable<LedgerAnswer> {
    const key = handlerKey(this.scope, job.eventId, job.handler, job.run);
    return this.claim(key, crc32(job.rawBody));
  }

  /** For replaying or discarding a failed event, one at a time. This claim is released, never completed. */
  beginReplay(eventId: string): Awaitable<LedgerAnswer> {
    return this.claim(replayKey(this.scope, eventId), 0);
  }

  /** For the one process that catches up. Released, never completed. */
  beginCatchUp(job: string): Awaitable<LedgerAnswer> {
    return andThen(this.claim(catchUpKey(this.scope, job), 0), (answer) => {
      if (answer.status === 'acquired') {
        answer.claim.isWork = false;
      }
      return answer;
    });
  }

  /** For `latestOnly`: `done` if the handler has handled a later position of the key. */
  beginInOrder(handler: string, key: string, position: bigint): Awaitable<LedgerAnswer> {
    return this.claim(orderKey(this.scope, handler, key), 0, position);
  }

  /** What this process works on now. */
  get claims(): { readonly running: number; readonly oldestMs: number; readonly isDraining: boolean } {
    return { ...this.running.summary, isDraining: this.draining };
  }

  /** Stops claiming, waits for what runs (at most `timeoutMs`), then aborts and releases the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.draining = true;
    await this.running.drain(timeoutMs);
  }

  private createFailures(): FailureLedger | undefined {
    const { store, leaseMs, failed = FAILED_EVENT_DEFAULTS } = this.options;
    const { failures } = extrasOf(store);
    if (!failures || failed.keep === 0) {
      return undefined;
    }
    return new FailureLedger(this.scope, failures, failed, async (eventId, options) => {
      this.refuseWhileDraining();
      const key = eventKey(this.scope, eventId);
      const terms = { ...options, leaseMs, ttlMs: this.ttlMs };
      const result = await askStore('failures.reopen', () => failures.reopen(key, terms));
      const answer = await this.readAnswer(result, key, options.fingerprint);
      return answer.status === 'acquired'
        ? { claim: answer.claim, reopened: result.reopened ?? [] }
        : undefined;
    });
  }

  private claim(key: string, fingerprint: number, position?: bigint): Awaitable<LedgerAnswer> {
    this.refuseWhileDraining();
    const { store, leaseMs } = this.options;
    const { ttlMs } = this;
    const result = askStore('begin', () => store.begin(key, { leaseMs, ttlMs, fingerprint, position }));
    return andThen(result, (answer) => this.readAnswer(answer, key, fingerprint));
  }

  private readAnswer(result: BeginResult, key: string, fingerprint: number): Awaitable<LedgerAnswer> {
    switch (result.status) {
      case 'acquired': {
        const { store, leaseMs } = this.options;
        const { token, attempt, handlersDone } = result;
        const terms = { key, token, attempt, handlersDone, leaseMs, ttlMs: this.ttlMs };
        const claim = new Claim(store, terms, this.onEnd);
        this.running.add(claim);
        return this.draining ? this.giveBack(claim) : { status: 'acquired', claim };
      }
      case 'in_progress':
        return result;
      case 'done':
      case 'accepted':
        return { status: result.status, sameBody: isSameBody(result.fingerprint, fingerprint) };
    }
  }

  private refuseWhileDraining(): void {
    if (this.draining) {
      throw new DeliveryAbortedError('shutting_down');
    }
  }

  /** The shutdown began while the store was being asked. */
  private async giveBack(claim: Claim): Promise<never> {
    await claim.release();
    throw new DeliveryAbortedError('shutting_down');
  }
}

/**
 * What all ledger keys of an endpoint begin with. Names and namespaces hold no slash and no colon, so two scopes never
 * share a key.
 */
export function scopeOf(namespace: string | undefined, endpoint: string): string {
  return namespace === undefined ? endpoint : `${namespace}/${endpoint}`;
}

/**
 * The ledger's key for an event. A scope holds no colon and an event id no control character (E4), so keys of
 * different kinds never collide. The part before the first newline names the event.
 */
export function eventKey(scope: string, eventId: string): string {
  return `${scope}:${eventId}`;
}

/** The key for one handler's job on an event. `run` sets a replay of all handlers apart. */
export function handlerKey(scope: string, eventId: string, handler: string, run = ''): string {
  return `${scope}:${eventId}\n${handler}${run && `\n${run}`}`;
}

/** The key that replays of an event hold. No handler has an empty name. */
export function replayKey(scope: string, eventId: string): string {
  return handlerKey(scope, eventId, '');
}

/** The key for a `latestOnly` text. The text is hashed: it may be long, or hold characters that a store refuses. */
export function orderKey(scope: string, handler: string, text: string): string {
  return `${scope}\n${handler}\n${createHash('sha256').update(text).digest('base64url')}`;
}

/** The key that the one process holds that catches up. */
function catchUpKey(scope: string, job: string): string {
  return `${scope}\n\n${job}`;
}

function isSameBody(one: number, other: number): boolean {
  return one === other || one === NO_FINGERPRINT || other === NO_FINGERPRINT;
}
