import type { DeliveryFacts, HandlerFacts, HandlerMessage } from './lifecycle.messages.js';

/** The parts of a verified delivery. */
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

/** Observes each step. Unlike a subscriber of the channels, it gets the request, the payload and the error. */
export interface LifecycleWitness {
  received(delivery: DeliveryFacts, request: object): DeliveryWitness;
  called(call: HandlerFacts): CallWitness;
}

/** Each method is called after the facts of its step are set. */
export interface DeliveryWitness {
  verified(what: WitnessedDelivery): void;
  claimed(): void;
  answered(): void;
}

export interface CallWitness {
  reached(stage: HandlerMessage['stage']): void;
  failed(error: unknown, event: object): void;
}
