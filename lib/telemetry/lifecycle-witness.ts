import type { DeliveryFacts, HandlerFacts, HandlerMessage } from './lifecycle.messages.js';

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

/** Sees each step, and what the channels must never carry: the request, the payload, the error. */
export interface LifecycleWitness {
  received(delivery: DeliveryFacts, request: object): DeliveryWitness;
  called(call: HandlerFacts): CallWitness;
}

/** Each call comes once the facts of the step are set. */
export interface DeliveryWitness {
  verified(what: WitnessedDelivery): void;
  claimed(): void;
  answered(): void;
}

export interface CallWitness {
  reached(stage: HandlerMessage['stage']): void;
  failed(error: unknown, event: object): void;
}
