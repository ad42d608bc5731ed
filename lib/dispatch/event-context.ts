import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { Claim } from '../idempotency/claim.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/** The second argument of every handler. */
export function createEventContext(delivery: VerifiedDelivery, claim: Claim): ScalekitEventContext {
  const { deliveryId, endpoint, scheme, occurredAt, receivedAt, rawBody } = delivery;
  return {
    deliveryId,
    endpoint,
    scheme,
    occurredAt,
    receivedAt,
    attempt: claim.attempt,
    rawBody,
    get signal() {
      return claim.signal;
    },
  };
}
