import { keepFailure } from '../dispatch/kept-events.js';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Ledger } from '../idempotency/ledger.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/** An event that earlier runs listed, and that is no longer in the list: its data are gone. */
export interface LostEvent {
  readonly id: string;
  readonly type: string;
}

/** Makes a function that keeps an event as failed, for each handler that has not finished it, and completes the event. */
export function createGiveUp(
  endpoint: string,
  ledger: Ledger,
  handlersFor: (type: string) => readonly EventHandler[],
) {
  /**
   * @returns false while another process works on the event: its attempt may fail, too
   * @throws StoreUnavailableError
   */
  return async (event: VerifiedDelivery | LostEvent, error: unknown): Promise<boolean> => {
    const delivery = 'event' in event ? event : withoutBody(endpoint, event);
    const answer = await ledger.begin(delivery);
    if (answer.status !== 'acquired') {
      return answer.status !== 'in_progress';
    }
    const { claim } = answer;
    const claimed = { delivery, claim };
    for (const { name } of handlersFor(delivery.event.type)) {
      if (!claim.handlersDone.has(name)) {
        const { retryFor } = await keepFailure(ledger.failures, name, claimed, error);
        if (retryFor) {
          await claim.release().catch(() => undefined);
          throw retryFor[0];
        }
      }
    }
    await claim.settled(() => claim.complete());
    return true;
  };
}

function withoutBody(endpoint: string, { id, type }: LostEvent): VerifiedDelivery {
  return {
    endpoint,
    scheme: undefined,
    deliveryId: id,
    rawBody: new Uint8Array(),
    event: { id, type, data: {} },
    occurredAt: undefined,
    receivedAt: new Date(),
  };
}
