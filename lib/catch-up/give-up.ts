import { keepFailure } from '../dispatch/kept-events.js';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Ledger } from '../idempotency/ledger.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/** Makes what keeps an event as failed, for each handler that has not finished it, and completes it. */
export function createGiveUp(ledger: Ledger, handlersFor: (type: string) => readonly EventHandler[]) {
  /**
   * @returns false while somebody else works on the event: that attempt may fail, too
   * @throws StoreUnavailableError
   */
  return async (delivery: VerifiedDelivery, error: unknown): Promise<boolean> => {
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
