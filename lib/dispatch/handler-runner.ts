import { occurredAtNanos } from '../events/occurred-at.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { EventHandler } from '../handlers/event-handler.js';
import { whenOver } from '../handlers/handler-call.js';
import type { Claim } from '../idempotency/claim.js';
import { DeliveryAbortedError } from '../idempotency/idempotency.errors.js';
import type {
  IdempotencyStore,
  TransactionalIdempotencyStore,
  TransactionRecords,
} from '../idempotency/idempotency-store.js';
import type { Ledger } from '../idempotency/ledger.js';
import { callAgainIn, hasErrorCode, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { Awaitable } from '../shared/awaitable.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { Lifecycle } from '../telemetry/lifecycle.js';

/** Another event with the same `latestOnly` key is being handled. This one waits; it may be outdated when its turn comes. */
class OutOfTurnError extends ScalekitWebhookError<'out_of_turn'> {
  constructor(seconds: number) {
    super('out_of_turn', 'Another event with the same latestOnly key is being handled.');
    callAgainIn(this, seconds);
  }
}

/** Records in a transaction that the handler is done. False when the lease was lost. */
type RecordCompletion = (records: TransactionRecords) => Awaitable<boolean>;

/** A delivery and the claim under which its handlers run. */
export interface ClaimedDelivery {
  readonly delivery: VerifiedDelivery;
  readonly claim: Claim;
  readonly context: ScalekitEventContext;
}

/** What a queue knows of a handler's call. */
export interface HandlerJob {
  readonly isQueued: true;
  /** The attempt number, from 1. */
  readonly attempt: number;
  /** Whether the queue gives up after that error. */
  isLast(error: unknown): boolean;
}

const isUnrecoverable = (error: unknown) => hasErrorCode(error, 'unrecoverable_event');

/** Calls the handlers of a claimed event: within their time, in a transaction, or only for the latest event. */
export class HandlerRunner {
  constructor(
    private readonly ledger: Ledger,
    private readonly store: IdempotencyStore,
    private readonly timeoutMs: number,
    private readonly lifecycle: Lifecycle,
    readonly handlersFor: (type: string) => readonly EventHandler[],
  ) {}

  /**
   * Starts the time limit of a delivery's handlers, `handlerTimeoutMs`: the claim is aborted if it has not ended by then.
   * Handlers that still run then run on, and their results are ignored.
   */
  begin(delivery: VerifiedDelivery, claim: Claim): ClaimedDelivery {
    claim.limitTime(this.timeoutMs);
    return { delivery, claim, context: new EventContext(delivery, claim) };
  }

  /**
   * @param job of a handler that comes from a queue
   * @returns whether the completion is recorded already, as it is for a transactional handler
   * @throws whatever the handler throws; the reason of the claim's abort
   */
  run(
    handler: EventHandler,
    claimed: ClaimedDelivery,
    record: RecordCompletion,
    job?: HandlerJob,
  ): Promise<boolean> {
    return handler.options.latestOnly
      ? this.runLatestOnly(handler, claimed, record, job)
      : this.call(handler, claimed, record, job);
  }

  private async runLatestOnly(
    handler: EventHandler,
    claimed: ClaimedDelivery,
    record: RecordCompletion,
    job: HandlerJob | undefined,
  ): Promise<boolean> {
    const turn = await this.takeTurn(handler, claimed);
    if (turn === 'outdated') {
      return false;
    }
    try {
      const inTransaction: RecordCompletion = async (records) =>
        (await record(records)) && ((await turn?.completeWithin(records)) ?? true);
      const recorded = await this.call(handler, claimed, inTransaction, job);
      if (recorded) {
        turn?.close();
      } else {
        await completeTurn(turn);
      }
      return recorded;
    } catch (error) {
      await turn?.release().catch(() => undefined);
      throw error;
    }
  }

  private call(
    handler: EventHandler,
    claimed: ClaimedDelivery,
    record: RecordCompletion,
    job: HandlerJob | undefined,
  ): Promise<boolean> {
    const { delivery, claim } = claimed;
    return this.lifecycle.call(
      handler.name,
      delivery,
      job ?? { attempt: claim.attempt, isLast: isUnrecoverable },
      () =>
        handler.options.transactional
          ? this.callInTransaction(handler, claimed, record)
          : callUntilAbort(handler, claimed, false),
    );
  }

  private async callInTransaction(
    handler: EventHandler,
    claimed: ClaimedDelivery,
    record: RecordCompletion,
  ): Promise<boolean> {
    const store = this.store as TransactionalIdempotencyStore;
    await store.transaction(async (transaction, records) => {
      await callUntilAbort(handler, claimed, undefined, transaction);
      if (!(await record(records))) {
        throw new DeliveryAbortedError('lease_lost');
      }
    }, claimed.claim.signal);
    return true;
  }

  /**
   * `latestOnly`: claims the handler's key, so that one event with that key is handled at a time. An event that is
   * older than the last one is outdated. An event without a date or a key is handled without a turn.
   */
  private async takeTurn(
    handler: EventHandler,
    { delivery: { event }, claim }: ClaimedDelivery,
  ): Promise<Claim | 'outdated' | undefined> {
    const key = handler.options.latestOnly?.(event);
    const position = occurredAtNanos(event);
    if (key === undefined || position === undefined) {
      return undefined;
    }
    const answer = await this.ledger.beginInOrder(handler.name, key, position);
    switch (answer.status) {
      case 'acquired':
        answer.claim.onAbort((reason) => {
          claim.abort(reason);
        });
        return answer.claim;
      case 'in_progress':
        throw new OutOfTurnError(answer.retryAfterMs / 1_000);
      default:
        return 'outdated';
    }
  }
}

/**
 * Resolves with `result` when the handler has finished. Rejects as soon as the claim is aborted; the handler then runs on.
 * A handler that still waited for its turn or its transaction does not start: another process may run it by now.
 */
function callUntilAbort<T>(
  handler: EventHandler,
  { delivery, claim, context }: ClaimedDelivery,
  result: T,
  ...transaction: unknown[]
): Promise<T> {
  return new Promise((resolve, reject) => {
    claim.throwIfAborted();
    claim.onAbort(reject);
    const done = () => {
      resolve(result);
    };
    whenOver(handler.invoke(delivery.event, context, ...transaction), done, reject);
  });
}

/**
 * The second argument of every handler. A class because of its getter: for each object literal with a getter V8 makes a
 * hidden class, in old memory, which keeps all that the getter sees (the whole request) until the next major collection.
 */
class EventContext implements ScalekitEventContext {
  readonly deliveryId: string;
  readonly endpoint: string;
  readonly source: ScalekitEventContext['source'];
  readonly scheme: ScalekitEventContext['scheme'];
  readonly occurredAt: Date | undefined;
  readonly receivedAt: Date;
  readonly attempt: number;
  readonly rawBody: Uint8Array;
  readonly #claim: Claim;

  constructor(delivery: VerifiedDelivery, claim: Claim) {
    this.deliveryId = delivery.deliveryId;
    this.endpoint = delivery.endpoint;
    this.source = delivery.scheme === undefined ? 'catch-up' : 'webhook';
    this.scheme = delivery.scheme;
    this.occurredAt = delivery.occurredAt;
    this.receivedAt = delivery.receivedAt;
    this.attempt = claim.attempt;
    this.rawBody = delivery.rawBody;
    this.#claim = claim;
  }

  get signal(): AbortSignal {
    return this.#claim.signal;
  }
}

/** If the store is away, the claim retries by itself. */
async function completeTurn(turn: Claim | undefined): Promise<void> {
  try {
    await turn?.complete();
  } catch {
    // The handler has finished: this is no failure of the event.
  }
}

export function isTransactional(store: IdempotencyStore): store is TransactionalIdempotencyStore {
  return 'transaction' in store && typeof store.transaction === 'function';
}
