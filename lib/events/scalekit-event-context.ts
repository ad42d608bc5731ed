/**
 * What this package knows about a delivery, besides the event itself: the second argument of every handler, and what
 * `@EventContext()` gives.
 *
 * @publicApi
 */
export interface ScalekitEventContext {
  /**
   * The sender's name for the delivery: its `webhook-id` header, or the event's `id` where the scheme sends none.
   * The same in each retry.
   */
  readonly deliveryId: string;

  /** The name of the endpoint that received it: the `name` given to `forRoot`, or `default`. */
  readonly endpoint: string;

  /** How the event came: the sender delivered it, or the option `catchUp` fetched it from Scalekit's API. */
  readonly source: 'webhook' | 'catch-up';

  /** The signature scheme that proved the delivery authentic; undefined where `source` is `catch-up`. */
  readonly scheme: 'standard' | 'timestamped' | 'digest' | undefined;

  /**
   * When the event happened, to the millisecond, or undefined if its envelope does not tell. `occurredAtNanos(event)`
   * keeps the finer digits.
   */
  readonly occurredAt: Date | undefined;

  /** When this delivery reached the endpoint, or the event was fetched. */
  readonly receivedAt: Date;

  /** The attempt number, from 1. It is above 1 only after an earlier attempt failed. */
  readonly attempt: number;

  /**
   * The signed bytes, exactly as they came: to archive, or to forward with the signature intact. Where `source` is
   * `catch-up`, the event as JSON.
   */
  readonly rawBody: Uint8Array;

  /**
   * Aborts when the app shuts down and when the handler runs out of time. Pass it to `fetch`, database drivers and
   * timers, so that they stop with the handler.
   */
  readonly signal: AbortSignal;
}
