import type { DeliveryFacts, HandlerFacts } from './lifecycle.messages.js';

/** What a verified delivery was made of. */
export interface WitnessedDelivery {
  readonly event: object;
  readonly rawBody: Uint8Array;
  readonly proof?:
    | {
        /** Unix seconds. */
        readonly timestamp?: number;
        readonly secret?: { readonly position: number; readonly of: number };
      }
    | undefined;
}

/**
 * Sees what the channels must never carry: the request, the payload, the error. Each call comes before the message of the same
 * step, with the same facts.
 */
export interface LifecycleWitness {
  received(delivery: DeliveryFacts, request: object): void;
  verified(delivery: DeliveryFacts, what: WitnessedDelivery): void;
  failed(call: HandlerFacts, error: unknown, event: object): void;
}
