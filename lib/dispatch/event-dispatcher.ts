import type { DispatchOutcome } from '../answers/answers.js';
import type { Claim } from '../idempotency/claim.js';
import type { FailureLedger } from '../idempotency/failure.ledger.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import type { Awaitable } from '../shared/awaitable.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { EndpointRole } from './endpoint-role.js';
import type { EventJobs } from './event-jobs.js';
import type { FailedEvents } from './failed-events.js';
import type { HandlerRunner } from './handler-runner.js';

/** Gets a claimed event to its handlers: at once, or through a queue. */
export interface EventDispatcher {
  /** For the boot log. */
  readonly name: string;
  /** Where the dispatcher keeps the events that it gave up on. */
  readonly failures?: FailedEvents | undefined;
  dispatch(delivery: VerifiedDelivery, claim: Claim): Awaitable<DispatchOutcome>;
  /** How many jobs of an event wait or run. Only a dispatcher with a queue has it. */
  unfinishedJobs?(eventId: string): Promise<number>;
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
