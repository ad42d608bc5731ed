import { occurredAtNanos } from '../events/event-nanos.js';
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
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { createEventContext } from './event-context.js';
import { OutOfTurnError } from './out-of-turn.error.js';

/** Says in a transaction that the handler is done; false when the lease was lost. */
type Record = (records: TransactionRecords) => Awaitable<boolean>;

/** A delivery whose claimed event is worked on. */
export interface Session {
  readonly delivery: VerifiedDelivery;
  readonly claim: Claim;
  readonly context: ScalekitEventContext;
}

/** Calls the handlers of a claimed event: in order, in a transaction, and within their time. */
export class HandlerRunner {
  constructor(
    private readonly ledger: Ledger,
    private readonly store: IdempotencyStore,
    private readonly timeoutMs: number,
    readonly handlersFor: (type: string) => readonly EventHandler[],
  ) {}

  /**
   * Has `work` call handlers until `handlerTimeoutMs` are over or the claim is aborted for another reason. What is
   * still running then runs on unheard.
   */
  async within<T>(
    delivery: VerifiedDelivery,
    claim: Claim,
    work: (session: Session) => Promise<T>,
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
   * @returns whether the completion is recorded already, as it is for a transactional handler
   * @throws whatever the handler throws; the reason of the claim's abort
   */
  run(handler: EventHandler, session: Session, record: Record): Promise<boolean> {
    return handler.options.latestOnly
      ? this.runInOrder(handler, session, record)
      : this.call(handler, session, record);
  }

  private async runInOrder(handler: EventHandler, session: Session, record: Record): Promise<boolean> {
    const order = await this.takeTurn(handler, session);
    if (order === 'outdated') {
      return false;
    }
    try {
      const inTransaction: Record = async (records) =>
        (await record(records)) && ((await order?.completeWithin(records)) ?? true);
      const recorded = await this.call(handler, session, inTransaction);
      if (recorded) {
        order?.close();
      } else {
        await completeTurn(order);
      }
      return recorded;
    } catch (error) {
      await order?.release().catch(() => undefined);
      throw error;
    }
  }

  private async call(
    handler: EventHandler,
    { delivery: { event }, claim, context }: Session,
    record: Record,
  ): Promise<boolean> {
    if (!handler.options.transactional) {
      await claim.untilAbort(handler.invoke(event, context));
      return false;
    }
    const store = this.store as TransactionalIdempotencyStore;
    await store.transaction(async (transaction, records) => {
      await claim.untilAbort(handler.invoke(event, context, transaction));
      if (!(await record(records))) {
        throw new DeliveryAbortedError('lease_lost');
      }
    }, claim.signal);
    return true;
  }

  /**
   * One event at a time of those that the handler wants in order, and none that is older than the last. An event
   * without a date can't be put in order, so it is handled.
   */
  private async takeTurn(
    handler: EventHandler,
    { delivery: { event }, claim }: Session,
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

/** If the store can't be told now, it is told again and again. */
async function completeTurn(order: Claim | undefined): Promise<void> {
  try {
    await order?.complete();
  } catch {
    // Nothing to be done here.
  }
}

export function isTransactional(store: IdempotencyStore): store is TransactionalIdempotencyStore {
  return 'transaction' in store && typeof store.transaction === 'function';
}
