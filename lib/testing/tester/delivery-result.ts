/**
 * The result of a delivery.
 *
 * @publicApi
 */
export interface DeliveryResult {
  /** The HTTP status; 0 where `retryUntilDone` got no answer in time. */
  readonly status: number;
  /** `OK`, `Already processed`, or error JSON. */
  readonly body: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * How often each handler (`Class.method`) was called for this event until the answer came. Those that were not
   * called are not in it.
   */
  readonly handlers: Readonly<Record<string, number>>;
}

/**
 * One of several attempts at a delivery.
 *
 * @publicApi
 */
export interface DeliveryAttempt extends DeliveryResult {
  /** When the sender made it, in seconds since its first attempt: of its schedule, not of a clock. */
  readonly atSeconds: number;
}

/**
 * A delivery that was retried.
 *
 * @publicApi
 */
export interface RetriedDelivery {
  /** Whether the last answer was 2xx. If not, the sender has given up and the event is lost. */
  readonly isDone: boolean;
  /** In order; at least one. */
  readonly attempts: readonly DeliveryAttempt[];
  /** How often each handler was called in all attempts. */
  readonly handlers: Readonly<Record<string, number>>;
}
