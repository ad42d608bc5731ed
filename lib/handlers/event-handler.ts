import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { HandlerOptions } from './handler-options.js';
import type { Subscription } from './subscription.js';

/** A decorated method, ready to be called. */
export interface EventHandler {
  /** `Class.method`: stable, for ledger and logs. */
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
  /** Of the subscription that the event matches. */
  readonly options: HandlerOptions;
  /** Through the method's guards, pipes, interceptors and filters. A transaction is what `@EventTransaction()` gives. */
  invoke(event: ScalekitEnvelope, context: ScalekitEventContext, transaction?: unknown): Promise<unknown>;
}
