import { channel, tracingChannel } from 'node:diagnostics_channel';
import { constants } from 'node:os';
import { type Answer, noteArrival } from '../answers/answers.js';
import { organizationOf } from '../events/envelope.js';
import { ownCodeOf } from '../scalekit-webhook.errors.js';
import { attempt, type Awaitable } from '../shared/awaitable.js';
import type { DeliveryObserver, LifecycleObserver, ObservedDelivery } from './lifecycle-observer.js';
import {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerFacts,
  type HandlerFailure,
  type HandlerMessage,
} from './lifecycle.messages.js';

const FOLLOWED = Symbol.for('nestjs-scalekit-webhooks:followed');
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

/** What a request carries while somebody listens. */
interface Followed {
  readonly facts: Writable<DeliveryFacts>;
  readonly observer: DeliveryObserver | undefined;
}

/**
 * Tells on `node:diagnostics_channel` what becomes of the deliveries of one endpoint. While nobody listens, a delivery
 * costs two looks: one when it is received, one for each handler.
 */
export class Lifecycle {
  /** Set by an inspector, while it records. */
  observer: LifecycleObserver | undefined;

  constructor(
    private readonly application: string,
    private readonly endpoint: string,
  ) {}

  received(request: object, source: DeliveryFacts['source'] = 'webhook'): void {
    const isFollowed = this.observer ?? (deliverySteps.hasSubscribers || deliveries.hasSubscribers);
    if (!isFollowed || followedOf(request)) {
      return;
    }
    const facts = this.factsOf(request, source);
    follow(request, { facts, observer: this.observer?.received(facts, request) });
    deliveries.start.publish(facts);
    deliveries.end.publish(facts);
    tell('received', facts);
  }

  verified(request: object, delivery: Delivery & ObservedDelivery): void {
    const followed = followedOf(request);
    if (followed) {
      const { facts, observer } = followed;
      const { event, deliveryId, scheme } = delivery;
      facts.eventId = event.id;
      facts.type = event.type;
      facts.organizationId = organizationOf(event).organizationId;
      facts.deliveryId = deliveryId;
      facts.scheme = scheme;
      observer?.verified(delivery);
      tell('verified', facts);
    }
  }

  claimed(request: object, attempt: number): void {
    const followed = followedOf(request);
    // The store may be slower than the answer: `answered` is always the last step.
    if (followed && !followed.facts.outcome) {
      followed.facts.attempt = attempt;
      followed.observer?.claimed();
      tell('claimed', followed.facts);
    }
  }

  answered(
    request: object,
    { outcome, reason, status }: Pick<Answer, 'outcome' | 'reason' | 'status'>,
  ): void {
    const followed = followedOf(request);
    if (!followed || followed.facts.outcome) {
      return;
    }
    const { facts, observer } = followed;
    facts.outcome = outcome;
    facts.reason = reason;
    facts.status = status;
    facts.durationMs = performance.now() - noteArrival(request);
    observer?.answered();
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
    const followed = followedOf(request);
    if (!followed) {
      return work();
    }
    return attempt(
      () => surround(followed.facts, work),
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

  /** All fields are there from the start: an object that grows is moved again and again. */
  private factsOf(request: object, source: DeliveryFacts['source']): Writable<DeliveryFacts> {
    return {
      application: this.application,
      endpoint: this.endpoint,
      source,
      receivedAt: Date.now() - Math.round(performance.now() - noteArrival(request)),
      eventId: undefined,
      type: undefined,
      organizationId: undefined,
      deliveryId: undefined,
      scheme: undefined,
      attempt: undefined,
      outcome: undefined,
      reason: undefined,
      status: undefined,
      durationMs: undefined,
    };
  }

  /** Calls a handler, and tells how that goes. */
  call<T>(handler: string, delivery: Delivery, attempt: Attempt, work: () => Promise<T>): Promise<T> {
    if (!(this.observer ?? (handlerSteps.hasSubscribers || calls.hasSubscribers))) {
      return work();
    }
    const { event, deliveryId, receivedAt } = delivery;
    const call: Writable<HandlerFacts> = {
      application: this.application,
      endpoint: this.endpoint,
      handler,
      eventId: event.id,
      type: event.type,
      organizationId: organizationOf(event).organizationId,
      deliveryId,
      attempt: attempt.attempt,
      queuedMs: attempt.isQueued ? Math.max(0, Date.now() - receivedAt.getTime()) : undefined,
      durationMs: undefined,
      error: undefined,
    };
    const observer = this.observer?.called(call);
    const begin = performance.now();
    const reach = (stage: HandlerMessage['stage']) => {
      observer?.reached(stage);
      tellOfCall(stage, call);
    };
    reach('start');
    const working = calls.start.runStores(call, () => surround(call, work));
    calls.end.publish(call);
    const end = (stage: 'end' | 'failed') => {
      call.durationMs = performance.now() - begin;
      calls.asyncStart.publish(call);
      calls.asyncEnd.publish(call);
      reach(stage);
    };
    return working.then(
      (result) => {
        end('end');
        return result;
      },
      (error: unknown) => {
        call.error = failureOf(error);
        observer?.failed(error, event);
        calls.error.publish(call);
        end('failed');
        if (attempt.isLast(error)) {
          reach('given_up');
        }
        throw error;
      },
    );
  }
}

function followedOf(request: object): Followed | undefined {
  return (request as { [FOLLOWED]?: Followed })[FOLLOWED];
}

function follow(request: object, followed: Followed): void {
  (request as { [FOLLOWED]?: Followed })[FOLLOWED] = followed;
}

function tell(stage: DeliveryMessage['stage'], delivery: DeliveryFacts): void {
  if (deliverySteps.hasSubscribers) {
    deliverySteps.publish({ stage, delivery });
  }
}

function tellOfCall(stage: HandlerMessage['stage'], call: HandlerFacts): void {
  if (handlerSteps.hasSubscribers) {
    handlerSteps.publish({ stage, call });
  }
}

function surround<T>({ [SURROUND]: around }: { readonly [SURROUND]?: Surround }, work: () => T): T {
  return around ? around(work) : work();
}

/**
 * The error's class and a code that is known. A handler may have copied a payload into the error's own properties, and one
 * that is a proxy may throw when it is looked at.
 */
function failureOf(error: unknown): HandlerFailure {
  try {
    return error instanceof Error ? classAndCodeOf(error) : { name: typeof error };
  } catch {
    return { name: 'Error' };
  }
}

function classAndCodeOf(error: Error): HandlerFailure {
  const { name } = (Object.getPrototypeOf(error) as object).constructor;
  const code = ownCodeOf(error) ?? systemCodeOf(error);
  return { name, ...(code !== undefined && { code }) };
}

function systemCodeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && code in constants.errno ? code : undefined;
}

/** Of an exception of Nest's that a controller of the user's own throws. */
function statusOf(error: unknown): number {
  const isHttp = error instanceof Error && 'getStatus' in error && typeof error.getStatus === 'function';
  return isHttp ? (error.getStatus as () => number)() : 500;
}
