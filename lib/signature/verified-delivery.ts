import type { ScalekitEnvelope } from '../events/envelope.js';
import type { WebhookScheme } from './webhook-scheme.js';

const DELIVERY = Symbol.for('nestjs-scalekit-webhooks:delivery');

/** An authentic delivery: its bytes and the event in them. */
export interface VerifiedDelivery {
  readonly endpoint: string;
  readonly scheme: WebhookScheme;
  /** The signed message id, where the scheme has one; else the event's id. */
  readonly deliveryId: string;
  readonly rawBody: Uint8Array;
  readonly event: ScalekitEnvelope;
  readonly occurredAt: Date | undefined;
  readonly receivedAt: Date;
}

export function attachDelivery(request: object, delivery: VerifiedDelivery): void {
  (request as { [DELIVERY]?: VerifiedDelivery })[DELIVERY] = delivery;
}

/** Undefined if no signature guard has let the request pass. */
export function deliveryOf(request: object): VerifiedDelivery | undefined {
  return (request as { [DELIVERY]?: VerifiedDelivery })[DELIVERY];
}
