import type { Attributes, Link, Span, SpanStatus, Tracer } from '@opentelemetry/api';
import { ACTIVE_SPAN, registeredApi } from '../shared/open-telemetry-api.js';
import { SURROUND } from './lifecycle.js';
import type { DeliveryFacts, HandlerFacts } from './lifecycle.messages.js';

/** `SpanKind` and `SpanStatusCode` of `@opentelemetry/api`, which may be absent. */
const INTERNAL = 0;
const CONSUMER = 4;
const ERROR = { code: 2 } as unknown as SpanStatus;

/**
 * Names of the semantic conventions for messaging, release 1.45.0, and beside them names of this package.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export const ATTRIBUTES = {
  system: 'messaging.system.name',
  endpoint: 'messaging.destination.name',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  eventId: 'messaging.message.id',
  status: 'http.response.status_code',
  error: 'error.type',
  deliveryId: 'scalekit.delivery.id',
  type: 'scalekit.event.type',
  organization: 'scalekit.organization.id',
  scheme: 'scalekit.signature.scheme',
  source: 'scalekit.delivery.source',
  outcome: 'scalekit.delivery.outcome',
  reason: 'scalekit.delivery.reason',
  handler: 'scalekit.handler.name',
  handlerOutcome: 'scalekit.handler.outcome',
  attempt: 'scalekit.attempt',
  catchUpOutcome: 'scalekit.catch_up.outcome',
} as const;

export const SYSTEM = 'scalekit';

interface SpanStart {
  readonly name: string;
  readonly kind: number;
  readonly at?: number;
  readonly attributes: Attributes;
  readonly isLinked?: boolean;
}

/** Makes a span of each delivery, or of each call of a handler. It is active while the work is done. */
export abstract class LifecycleSpans<Facts extends object> {
  private readonly spans = new WeakMap<object, Span>();

  constructor(private readonly tracer: Tracer) {}

  begin(facts: Facts): void {
    const { context } = registeredApi();
    const parent = context?.active();
    const { name, kind, at, attributes, isLinked = false } = this.startOf(facts);
    const cause = isLinked ? (parent?.getValue(ACTIVE_SPAN) as Span | undefined) : undefined;
    const links: Link[] = cause ? [{ context: cause.spanContext() }] : [];
    const options = { kind, attributes, links, ...(at !== undefined && { startTime: new Date(at) }) };
    const span = this.tracer.startSpan(name, options, parent);
    this.spans.set(facts, span);
    if (context && parent) {
      const active = parent.setValue(ACTIVE_SPAN, span);
      Object.defineProperty(facts, SURROUND, {
        value: <T>(work: () => T): T => context.with(active, work),
      });
    }
  }

  end(facts: Facts): void {
    const span = this.spans.get(facts);
    if (span) {
      this.spans.delete(facts);
      const { attributes, error } = this.endOf(facts);
      span.setAttributes(attributes);
      if (error !== undefined) {
        // No exception is recorded: its message may quote the payload.
        span.setAttribute(ATTRIBUTES.error, error).setStatus(ERROR);
      }
      span.end();
    }
  }

  protected abstract startOf(facts: Facts): SpanStart;
  protected abstract endOf(facts: Facts): {
    readonly attributes: Attributes;
    readonly error: string | undefined;
  };
}

function eventAttributes(facts: DeliveryFacts | HandlerFacts): Attributes {
  return {
    [ATTRIBUTES.eventId]: facts.eventId,
    [ATTRIBUTES.type]: facts.type,
    [ATTRIBUTES.organization]: facts.organizationId,
    [ATTRIBUTES.deliveryId]: facts.deliveryId,
    [ATTRIBUTES.attempt]: facts.attempt,
  };
}

/** Begins when the request arrives, as a child of what is active then: the span of the HTTP request. */
export class DeliverySpans extends LifecycleSpans<DeliveryFacts> {
  protected startOf({ endpoint, source, receivedAt }: DeliveryFacts): SpanStart {
    const attributes = {
      [ATTRIBUTES.system]: SYSTEM,
      [ATTRIBUTES.endpoint]: endpoint,
      [ATTRIBUTES.operation]: 'process',
      [ATTRIBUTES.operationType]: 'process',
      [ATTRIBUTES.source]: source,
    };
    return { name: `process ${endpoint}`, kind: CONSUMER, at: receivedAt, attributes };
  }

  protected endOf(facts: DeliveryFacts): { attributes: Attributes; error: string | undefined } {
    const { outcome, reason } = facts;
    return {
      attributes: {
        ...eventAttributes(facts),
        [ATTRIBUTES.scheme]: facts.scheme,
        [ATTRIBUTES.outcome]: outcome,
        [ATTRIBUTES.reason]: reason,
        [ATTRIBUTES.status]: facts.status,
      },
      error: outcome === 'failed' ? reason : undefined,
    };
  }
}

/** A child of the delivery's span. From a queue, it is linked to that, too: the two may be hours apart. */
export class HandlerSpans extends LifecycleSpans<HandlerFacts> {
  protected startOf(facts: HandlerFacts): SpanStart {
    const isQueued = facts.queuedMs !== undefined;
    return {
      name: `handle ${facts.handler}`,
      kind: isQueued ? CONSUMER : INTERNAL,
      isLinked: isQueued,
      attributes: {
        [ATTRIBUTES.system]: SYSTEM,
        [ATTRIBUTES.endpoint]: facts.endpoint,
        [ATTRIBUTES.operation]: 'handle',
        [ATTRIBUTES.operationType]: 'process',
        ...eventAttributes(facts),
        [ATTRIBUTES.handler]: facts.handler,
      },
    };
  }

  protected endOf({ error }: HandlerFacts): { attributes: Attributes; error: string | undefined } {
    return { attributes: {}, error: error && (error.code ?? error.name) };
  }
}
