import { channel, tracingChannel } from 'node:diagnostics_channel';
import { constants } from 'node:os';
import { type Answer, noteArrival } from '../answers/answers.js';
import { organizationOf } from '../events/envelope.js';
import { ownCodeOf } from '../scalekit-webhook.errors.js';
import { attempt, type Awaitable } from '../shared/awaitable.js';
import type { LifecycleWitness, WitnessedDelivery } from './lifecycle-witness.js';
import {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerFacts,
  type HandlerFailure,
  type HandlerMessage,
} from './lifecycle.messages.js';

const FACTS = Symbol.for('nestjs-scalekit-webhooks:facts');
/** Set by who listens to the start, if the work is to run in a context of its own: a span that is active. */
export const SURROUND = Symbol.for('nestjs-scalekit-webhooks:surround');

type Surround = <T>(work: () => T) => T;
type Writable<T> = { -readonly [Key in keyof T]: T[Key] } & { [SURROUND]?: Surround };

const deliverySteps = channel(DELIVERY_CHANNEL);
const deliveries = tracingChannel<object, DeliveryFacts>(DELIVERY_CHANNEL);
const handlerSteps = channel(HANDLER_CHANNEL);
const calls = tracingChannel<object, HandlerFacts>(HANDLER_CHANNEL);

interface Event {
  readonly id: string;
  readonly type: string;
  readonly organization_id?: unknown;
}

/** As the signature guard hands it on. */
interface Delivery {
  readonly event: Event;
  readonly deliveryId: string;
  /** Undefined for an event that catching up has fetched. */
  readonly scheme: string | undefined;
  readonly receivedAt: Date;
}

interface Attempt {
  readonly attempt: number;
  /** Whether the handler is not called again for this event after that error. */
  isLast(error: unknown): boolean;
  readonly isQueued?: boolean;
}

/** Where a request whose delivery somebody listens to carries what is known of it. */
interface Followed {
  [FACTS]?: Writable<DeliveryFacts>;
}

/**
 * Tells on `node:diagnostics_channel` what becomes of the deliveries of one endpoint. While nobody listens, a delivery
 * costs two looks: one when it is received, one for each handler.
 */
export class Lifecycle {
  /** Set by an inspector, while it listens to the channels. */
  witness: LifecycleWitness | undefined;

  constructor(
    private readonly application: string,
    private readonly endpoint: string,
  ) {}

  received(request: object, source: DeliveryFacts['source'] = 'webhook'): void {
    if (!(deliverySteps.hasSubscribers || deliveries.hasSubscribers) || factsOf(request)) {
      return;
    }
    const { application, endpoint } = this;
    const receivedAt = Date.now() - Math.round(performance.now() - noteArrival(request));
    const facts: Writable<DeliveryFacts> = { application, endpoint, source, receivedAt };
    (request as Followed)[FACTS] = facts;
    this.witness?.received(facts, request);
    deliveries.start.publish(facts);
    deliveries.end.publish(facts);
    tell('received', facts);
  }

  verified(request: object, delivery: Delivery & WitnessedDelivery): void {
    const facts = factsOf(request);
    if (facts) {
      const { event, deliveryId, scheme } = delivery;
      Object.assign(facts, {
        eventId: event.id,
        type: event.type,
        ...organizationOf(event),
        deliveryId,
        scheme,
      });
      this.witness?.verified(facts, delivery);
      tell('verified', facts);
    }
  }

  claimed(request: object, attempt: number): void {
    const facts = factsOf(request);
    // The store may be slower than the answer: `answered` is always the last step.
    if (facts && !facts.outcome) {
      facts.attempt = attempt;
      tell('claimed', facts);
    }
  }

  answered(
    request: object,
    { outcome, reason, status }: Pick<Answer, 'outcome' | 'reason' | 'status'>,
  ): void {
    const facts = factsOf(request);
    if (!facts || facts.outcome) {
      return;
    }
    Object.assign(facts, { outcome, reason, status, durationMs: performance.now() - noteArrival(request) });
    if (outcome === 'failed') {
      deliveries.error.publish(facts);
    }
    if (
      outcome === 'refused' ||
      outcome === 'duplicate' ||
      outcome === 'in_progress' ||
      outcome === 'queued'
    ) {
      tell(outcome, facts);
    }
    deliveries.asyncStart.publish(facts);
    deliveries.asyncEnd.publish(facts);
    tell('answered', facts);
  }

  /** Does the rest of a delivery's work, and tells how it is answered. */
  untilAnswered(request: object, work: () => Awaitable<Answer>): Awaitable<Answer> {
    const facts = factsOf(request);
    if (!facts) {
      return work();
    }
    return attempt(
      () => surround(facts, work),
      (answer) => {
        this.answered(request, answer);
        return answer;
      },
      (error: unknown) => {
        this.answered(request, { outcome: 'failed', reason: 'failed', status: statusOf(error) });
        throw error;
      },
    );
  }

  /** Calls a handler, and tells how that goes. */
  call<T>(handler: string, delivery: Delivery, attempt: Attempt, work: () => Promise<T>): Promise<T> {
    if (!(handlerSteps.hasSubscribers || calls.hasSubscribers)) {
      return work();
    }
    const { event, deliveryId, receivedAt } = delivery;
    const call: Writable<HandlerFacts> = {
      application: this.application,
      endpoint: this.endpoint,
      handler,
      eventId: event.id,
      type: event.type,
      ...organizationOf(event),
      deliveryId,
      attempt: attempt.attempt,
      ...(attempt.isQueued && { queuedMs: Math.max(0, Date.now() - receivedAt.getTime()) }),
    };
    const begin = performance.now();
    tellOfCall('start', call);
    const working = calls.start.runStores(call, () => surround(call, work));
    calls.end.publish(call);
    const end = (stage: 'end' | 'failed') => {
      call.durationMs = performance.now() - begin;
      calls.asyncStart.publish(call);
      calls.asyncEnd.publish(call);
      tellOfCall(stage, call);
    };
    return working.then(
      (result) => {
        end('end');
        return result;
      },
      (error: unknown) => {
        call.error = failureOf(error);
        this.witness?.failed(call, error, event);
        calls.error.publish(call);
        end('failed');
        if (attempt.isLast(error)) {
          tellOfCall('given_up', call);
        }
        throw error;
      },
    );
  }
}

function factsOf(request: object): Writable<DeliveryFacts> | undefined {
  return (request as Followed)[FACTS];
}

function tell(stage: DeliveryMessage['stage'], delivery: DeliveryFacts): void {
  deliverySteps.publish({ stage, delivery });
}

function tellOfCall(stage: HandlerMessage['stage'], call: HandlerFacts): void {
  handlerSteps.publish({ stage, call });
}

function surround<T>({ [SURROUND]: around }: { readonly [SURROUND]?: Surround }, work: () => T): T {
  return around ? around(work) : work();
}

/** Code only: a message, a name or a code that a handler chose may quote the payload. */
function failureOf(error: unknown): HandlerFailure {
  if (!(error instanceof Error)) {
    return { name: typeof error };
  }
  const { code } = error as NodeJS.ErrnoException;
  const known = ownCodeOf(error) ?? (typeof code === 'string' && code in constants.errno ? code : undefined);
  return { name: error.constructor.name, ...(known !== undefined && { code: known }) };
}

/** Of an exception of Nest's that a controller of the user's own throws. */
function statusOf(error: unknown): number {
  const isHttp = error instanceof Error && 'getStatus' in error && typeof error.getStatus === 'function';
  return isHttp ? (error.getStatus as () => number)() : 500;
}
