import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { Subscription } from './subscription.js';

/** A decorated method, ready to be called. */
export interface EventHandler {
  /** `Class.method`: stable, for ledger and logs. */
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
  /** Through the method's guards, pipes, interceptors and filters. */
  invoke(event: ScalekitEnvelope, context: ScalekitEventContext): Promise<unknown>;
}
