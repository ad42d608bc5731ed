import type { DeliveryFacts, HandlerFacts, HandlerMessage } from './lifecycle.messages.js';

/** The parts of a verified delivery. */
export interface ObservedDelivery {
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
export interface LifecycleObserver {
  received(delivery: DeliveryFacts, request: object): DeliveryObserver;
  called(call: HandlerFacts): CallObserver;
}

/** Each method is called after the facts of its step are set. */
export interface DeliveryObserver {
  verified(what: ObservedDelivery): void;
  claimed(): void;
  answered(): void;
}

export interface CallObserver {
  reached(stage: HandlerMessage['stage']): void;
  failed(error: unknown, event: object): void;
}
