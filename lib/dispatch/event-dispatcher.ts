import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/**
 * - `handled`: the work is finished or safely queued; the delivery may be answered 2xx.
 * - `failed`: it is not, and the sender has to retry. The errors are logged already.
 */
export type DispatchOutcome =
  { readonly status: 'handled' } | { readonly status: 'failed'; readonly errors: readonly unknown[] };

/** Gets a claimed event to its handlers: at once, or through a queue. */
export interface EventDispatcher {
  /** For the boot log. */
  readonly name: string;
  dispatch(delivery: VerifiedDelivery, claim: Claim): Promise<DispatchOutcome>;
}

/** What a dispatcher is given of the endpoint it works for. */
export interface DispatcherHost {
  readonly handlerTimeoutMs: number;
  handlersFor(type: string): readonly EventHandler[];
}

/** Makes an endpoint's dispatcher. One that implements Nest's lifecycle hooks has them called. */
export type DispatcherFactory = (host: DispatcherHost) => EventDispatcher;
