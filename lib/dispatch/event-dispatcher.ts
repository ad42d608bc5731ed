import type { DispatchOutcome } from '../answers/answers.js';
import type { Claim } from '../idempotency/claim.js';
import type { FailureLedger } from '../idempotency/failure.ledger.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import type { AcceptAnswer } from '../idempotency/ledger.js';
import type { Awaitable } from '../shared/awaitable.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { EndpointRole } from './endpoint-role.js';
import type { EventJobs } from './event-jobs.js';
import type { HandlerRunner } from './handler-runner.js';

/** Gets a claimed event to its handlers: at once, or through a queue. */
export interface EventDispatcher {
  /** For the boot log. */
  readonly name: string;
  /** Where the dispatcher keeps the events that it gave up on. */
  readonly failures?: FailedEvents | undefined;
  dispatch(delivery: VerifiedDelivery, claim: Claim): Awaitable<DispatchOutcome>;
  /**
   * Claims an event and queues it in one transaction, in place of a claim and `dispatch`. An event that is not new is
   * only begun. Undefined where queue and ledger share no database. Only a dispatcher with a queue has it.
   */
  accept?(delivery: VerifiedDelivery): Awaitable<AcceptAnswer> | undefined;
  /** How many jobs of an event wait or run. Only a dispatcher with a queue has it. */
  unfinishedJobs?(eventId: string): Promise<number>;
  /** Rejects where the queue can't be reached. Only a dispatcher with a queue has it. */
  ping?(): Promise<unknown>;
  /** Whether this process takes jobs off the queue; undefined if its role is to receive only. */
  readonly isWorking?: boolean | undefined;
}

/** What a dispatcher is given of the endpoint it works for. */
export interface DispatcherHost {
  readonly endpoint: string;
  /** The option `namespace`: part of the default queue name. */
  readonly namespace: string | undefined;
  readonly role: EndpointRole;
  readonly store: IdempotencyStore;
  /** For a dispatcher that runs the handlers itself. */
  readonly handlers: HandlerRunner;
  /** What the store keeps of events that a handler gave up on. A dispatcher with a queue keeps its own. */
  readonly failures: FailureLedger | undefined;
  /** For a dispatcher that puts them on a queue. */
  readonly jobs: EventJobs;
}

/** Makes an endpoint's dispatcher. One that implements Nest's lifecycle hooks has them called. */
export type DispatcherFactory = (host: DispatcherHost) => EventDispatcher;

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
  /** `organization_id` of the envelope. */
  readonly organizationId?: string | undefined;
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

/** Where a page begins, and how long it may be. */
export interface FailedEventPosition {
  readonly limit: number;
  readonly cursor: string | undefined;
}

/**
 * Which failed events are meant: those that pass all that is given.
 *
 * @publicApi
 */
export interface FailedEventFilter {
  /** A type, or a pattern with `*` as `@OnScalekitEvent()` takes it. */
  readonly type?: string | undefined;
  /** The handler's name. */
  readonly handler?: string | undefined;
  /** `organization_id` of the envelope. */
  readonly organizationId?: string | undefined;
  /** Failed at that time or later. */
  readonly since?: Date | undefined;
  /** Failed before that time. */
  readonly until?: Date | undefined;
}

/**
 * With a filter, a page may have fewer events than `limit`, or none: go on with its `cursor` until that is undefined.
 *
 * @publicApi
 */
export interface FailedEventQuery extends FailedEventFilter {
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
  failed(query: FailedEventPosition): Promise<FailedEventPage>;
  /** Has the event's handlers run again. Returns how many; 0 where nothing is kept of the event. */
  replay(eventId: string, options: Required<ReplayOptions>): Promise<number>;
  /** Forgets the event's failures. Returns how many. */
  discard(eventId: string): Promise<number>;
}
