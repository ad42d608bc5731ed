import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { Claim } from '../idempotency/claim.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/** The second argument of every handler. */
export function createEventContext(delivery: VerifiedDelivery, claim: Claim): ScalekitEventContext {
  return new EventContext(delivery, claim);
}

/**
 * A class for the sake of its getter: for each object literal with one V8 makes a hidden class, in old memory, which
 * keeps all that the getter sees (the whole request) until the next major collection.
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
