/**
 * A handler's work on an event that was given up: all attempts failed, or retrying could not help.
 *
 * @publicApi
 */
export interface FailedEvent {
  readonly eventId: string;
  readonly type: string;
  /** `*` where a controller of your own gave up, or where a worker could not tell the handlers of the event. */
  readonly handler: string;
  /** The message of the last error. From a queue, it may quote the payload. */
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: Date;
}

/** @publicApi */
export interface FailedEventPage {
  readonly events: readonly FailedEvent[];
  /** Where the next page begins; undefined on the last one. */
  readonly cursor: string | undefined;
}

/** @publicApi */
export interface FailedEventQuery {
  /**
   * How many at most, from 1 to 1,000.
   *
   * @default 100
   */
  readonly limit?: number;
  /** `cursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** @publicApi */
export interface ReplayOptions {
  /**
   * Runs the handlers that have finished again, too.
   *
   * @default false
   */
  readonly all?: boolean;
}

/** The failed events of one endpoint: dead letters of a queue, or what the store keeps. */
export interface FailedEvents {
  failed(query: Required<FailedEventQuery>): Promise<FailedEventPage>;
  /** Has the event's handlers run again. Returns how many; 0 where nothing is kept of the event. */
  replay(eventId: string, options: Required<ReplayOptions>): Promise<number>;
  /** Forgets the event's failures. Returns how many. */
  discard(eventId: string): Promise<number>;
}
