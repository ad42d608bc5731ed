import { occurredAtNanos } from '../events/occurred-at.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import { DeliveryAbortedError } from '../idempotency/delivery-aborted.error.js';
import type {
  Awaitable,
  IdempotencyStore,
  TransactionalIdempotencyStore,
  TransactionRecords,
} from '../idempotency/idempotency-store.js';
import type { Ledger } from '../idempotency/ledger.js';
import { hasErrorCode, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { Lifecycle } from '../telemetry/lifecycle.js';
import { createEventContext } from './event-context.js';

/** Another event of the same `latestOnly` key is being handled: this one comes after it, or not at all. */
class OutOfTurnError extends ScalekitWebhookError<'out_of_turn'> {
  constructor(readonly seconds: number) {
    super('out_of_turn', 'Another event with the same latestOnly key is being handled.');
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
   * Aborts the claim when `work` takes longer than `handlerTimeoutMs`. Handlers that still run then run on, and what
   * becomes of them is ignored.
   */
  async within<T>(
    delivery: VerifiedDelivery,
    claim: Claim,
    work: (claimed: ClaimedDelivery) => Promise<T>,
  ): Promise<T> {
    const timer = setTimeout(() => {
      claim.abort(new DeliveryAbortedError('handler_timeout'));
    }, this.timeoutMs);
    try {
      return await work({ delivery, claim, context: createEventContext(delivery, claim) });
    } finally {
      clearTimeout(timer);
    }
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
    const { delivery, claim, context } = claimed;
    return this.lifecycle.call(
      handler.name,
      delivery,
      job ?? { attempt: claim.attempt, isLast: isUnrecoverable },
      () =>
        handler.options.transactional
          ? this.callInTransaction(handler, claimed, record)
          : claim.untilAbort(handler.invoke(delivery.event, context), false),
    );
  }

  private async callInTransaction(
    handler: EventHandler,
    { delivery: { event }, claim, context }: ClaimedDelivery,
    record: RecordCompletion,
  ): Promise<boolean> {
    const store = this.store as TransactionalIdempotencyStore;
    await store.transaction(async (transaction, records) => {
      await claim.untilAbort(handler.invoke(event, context, transaction), undefined);
      if (!(await record(records))) {
        throw new DeliveryAbortedError('lease_lost');
      }
    }, claim.signal);
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

/** If the store is away, the claim itself goes on telling it. */
async function completeTurn(turn: Claim | undefined): Promise<void> {
  try {
    await turn?.complete();
  } catch {
    // The handler has finished: nothing to answer for.
  }
}

export function isTransactional(store: IdempotencyStore): store is TransactionalIdempotencyStore {
  return 'transaction' in store && typeof store.transaction === 'function';
}
