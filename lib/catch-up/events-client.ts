/**
 * A moment, as the SDK has it: whole seconds since 1970, and nanoseconds on top.
 *
 * @publicApi
 */
export interface EventMoment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/**
 * An event, as Scalekit's API lists it.
 *
 * @publicApi
 */
export interface ListedEvent {
  readonly id: string;
  readonly type: string;
  readonly occurredAt?: EventMoment | undefined;
  readonly environmentId?: string;
  readonly organizationId?: string | undefined;
  /** A number of the API's enum `ObjectType`. */
  readonly object?: number;
  readonly data?: object | undefined;
  readonly displayName?: string;
  readonly specVersion?: string;
}

/** @publicApi */
export interface ListedEventPage {
  /** Newest first. */
  readonly events: readonly ListedEvent[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** @publicApi */
export interface ListedEventFilter {
  eventTypes?: string[];
  startTime?: EventMoment | undefined;
  endTime?: EventMoment | undefined;
}

/**
 * The one call of `@scalekit-sdk/node` (2.11.0 or later) that catching up makes: a `ScalekitClient`, or whatever offers the same.
 *
 * @publicApi
 */
export interface ScalekitEventsClient {
  readonly events: {
    /** Lists the events of the client's environment. */
    listEventsPaginated(
      pageSize: number,
      pageToken: string,
      filter: ListedEventFilter,
    ): Promise<ListedEventPage>;
  };
}
