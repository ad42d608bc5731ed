import type { HandlerOptions } from './handler-options.js';

/**
 * Metadata key of a handler method's subscriptions. A plain string, so that the ESM and the CommonJS copy of this
 * package find each other's handlers.
 */
export const SUBSCRIPTIONS = 'nestjs-scalekit-webhooks:subscriptions';

/** What one `@OnScalekitEvent()` asks for. */
export interface Subscription {
  /** Exact types, or patterns with `*`. At least one; the method runs once for an event, however many of them match. */
  readonly patterns: readonly string[];

  /** Only events of the endpoint with this name; of every endpoint if left out. */
  readonly endpoint?: string;

  /** How the method is run for these events. */
  readonly options?: HandlerOptions;
}
