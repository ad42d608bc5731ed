import { organizationOf } from '../events/envelope.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import { describeError, messageOf } from '../shared/describe-error.js';
import { fingerprintOf, type VerifiedDelivery } from '../signature/verified-delivery.js';
import type { Awaitable } from '../shared/awaitable.js';
import type { Claim } from './claim.js';
import { askStore } from './idempotency.errors.js';
import type {
  FailedEventStore,
  FailurePage,
  KeptFailure,
  ReopenOptions,
} from './idempotency-store.extras.js';

/** What is kept of an event that a handler gave up on. */
export interface FailedEventOptions {
  /**
   * How many failures an endpoint keeps; the oldest ones go first. With 0 a failure is only logged.
   *
   * @default 1_000
   */
  keep: number;

  /**
   * How long a failure is kept, in seconds.
   *
   * @default 2_592_000 (30 days)
   */
  keepSeconds: number;

  /**
   * Keeps the event itself, too: `replay()` then runs the handlers at once, without the sender. The store then holds
   * personal data.
   *
   * @default false
   */
  payloads: boolean;
}

export const FAILED_EVENT_DEFAULTS: FailedEventOptions = {
  keep: 1_000,
  keepSeconds: 30 * 86_400,
  payloads: false,
};

/** The handler's name where an application's own controller gave up. */
export const OWN_CONTROLLER = '*';
const MAX_REASON = 1_000;
const CURSOR = /^\d{1,18}$/;

type Reopen = (
  eventId: string,
  options: Omit<ReopenOptions, 'leaseMs' | 'ttlMs'>,
) => Promise<Reopened | undefined>;

export interface Reopened {
  readonly claim: Claim;
  /** Handlers that were recorded as finished until now. */
  readonly reopened: readonly string[];
}

/**
 * The events that handlers of one endpoint gave up on, as the store keeps them. Methods reject with
 * `StoreUnavailableError` if the store can't answer.
 */
export class FailureLedger {
  constructor(
    private readonly scope: string,
    private readonly store: FailedEventStore,
    private readonly options: FailedEventOptions,
    /** Claims an event that may be done. Resolves to undefined while the event is being worked on. */
    readonly reopen: Reopen,
  ) {}

  get keepsPayloads(): boolean {
    return this.options.payloads;
  }

  /** Resolves to false where the store turns out to keep none. */
  async keep(
    verified: VerifiedDelivery,
    handler: string,
    failure: { readonly error: unknown; readonly attempts: number; readonly delivery?: string | undefined },
  ): Promise<boolean> {
    const { event } = verified;
    const { error } = failure;
    // The message alone, without values of the payload.
    const reason = describeError(error instanceof Error ? messageOf(error) : error, event);
    const kept: KeptFailure = {
      scope: this.scope,
      eventId: event.id,
      type: event.type,
      handler,
      ...organizationOf(event),
      reason: reason.slice(0, MAX_REASON),
      attempts: failure.attempts,
      failedAt: Date.now(),
      fingerprint: fingerprintOf(verified),
      ...(this.options.payloads && { delivery: failure.delivery }),
    };
    const { keep, keepSeconds } = this.options;
    try {
      await this.ask('keep', () => this.store.keep(kept, { keep, keepMs: keepSeconds * 1_000 }));
      return true;
    } catch (error) {
      if (hasErrorCode(error, 'keeps_no_events')) {
        return false;
      }
      throw error;
    }
  }

  async list(query: { readonly limit: number; readonly cursor: string | undefined }): Promise<FailurePage> {
    requireCursor(query.cursor, CURSOR);
    return this.ask('list', () => this.store.list(this.scope, query));
  }

  async of(eventId: string): Promise<readonly KeptFailure[]> {
    return this.ask('of', () => this.store.of(this.scope, eventId));
  }

  async forget(eventId: string, handlers: readonly string[]): Promise<number> {
    return this.ask('forget', () => this.store.forget(this.scope, eventId, handlers));
  }

  private async ask<T>(method: string, call: () => Awaitable<T>): Promise<T> {
    try {
      return await askStore(`failures.${method}`, call);
    } catch (error) {
      const { cause } = error as Error;
      throw hasErrorCode(cause, 'keeps_no_events') ? cause : error;
    }
  }
}

/** @throws RangeError for a cursor that `failed()` can't have given */
export function requireCursor(cursor: string | undefined, pattern: RegExp): void {
  if (cursor !== undefined && !pattern.test(cursor)) {
    throw new RangeError('failed() takes as cursor only what it gave for the page before.');
  }
}
