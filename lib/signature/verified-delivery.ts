import { crc32 } from 'node:zlib';
import type { ScalekitEnvelope } from '../events/envelope.js';
import type { WebhookScheme, WebhookVerification } from './webhook-scheme.js';

const DELIVERY = Symbol.for('nestjs-scalekit-webhooks:delivery');

/** An authentic delivery: its bytes and the event in them. */
export interface VerifiedDelivery {
  readonly endpoint: string;
  /** Undefined for an event that was fetched from Scalekit's API: the connection vouches for it, not a signature. */
  readonly scheme: WebhookScheme | undefined;
  /** Undefined also for one that comes from a queue. */
  readonly proof?: WebhookVerification | undefined;
  /** The signed message id, where the scheme has one; else the event's id. */
  readonly deliveryId: string;
  readonly rawBody: Uint8Array;
  readonly event: ScalekitEnvelope;
  readonly occurredAt: Date | undefined;
  readonly receivedAt: Date;
}

/** Of an event that was fetched: its bytes are never those of a delivery, and that says nothing. */
export const NO_FINGERPRINT = 0;

/** CRC-32 of the body that was delivered. */
export function fingerprintOf({ scheme, rawBody }: VerifiedDelivery): number {
  return scheme === undefined ? NO_FINGERPRINT : crc32(rawBody);
}

export function attachDelivery(request: object, delivery: VerifiedDelivery): void {
  (request as { [DELIVERY]?: VerifiedDelivery })[DELIVERY] = delivery;
}

/** Undefined if no signature guard has let the request pass. */
export function deliveryOf(request: object): VerifiedDelivery | undefined {
  return (request as { [DELIVERY]?: VerifiedDelivery })[DELIVERY];
}
