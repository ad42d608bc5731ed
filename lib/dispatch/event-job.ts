import { organizationOf, readEnvelope } from '../events/envelope.js';
import { readOccurredAt } from '../events/occurred-at.js';
import { scopeOf } from '../idempotency/ledger.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { WebhookScheme } from '../signature/webhook-scheme.js';
import type { HandlerRetry } from '../handlers/event-handler.js';

/**
 * What a queue carries: one handler's work on one event, or a whole event that a worker splits into such jobs. Plain
 * JSON, readable by every later version of this package.
 *
 * @publicApi
 */
export interface EventJob {
  /** The option `namespace` of the application that queued it. */
  readonly namespace?: string;
  readonly endpoint: string;
  readonly eventId: string;
  readonly type: string;
  /** `organization_id` of the envelope. */
  readonly organizationId?: string;
  /** `Class.method`; undefined for a whole event, whose receiver does not know the handlers. */
  readonly handler?: string;
  /** How often a process took the job that has no such handler. */
  readonly wrongPicks?: number;
  /** Set where a replay runs all handlers again: names the run. */
  readonly run?: string;
  /** Of a whole event: handlers that had finished before it was queued. */
  readonly finished?: readonly string[];
  /** What the handler asks for; where it asks for nothing, the dispatcher's own defaults count. */
  readonly retry?: HandlerRetry;
  /** The signed bytes as text: valid UTF-8 is sure, so that nothing is lost. */
  readonly rawBody: string;
  readonly deliveryId: string;
  /** Left out of an event that catching up has fetched. */
  readonly scheme?: WebhookScheme;
  /** ISO 8601. */
  readonly receivedAt: string;
  /** What OpenTelemetry's propagators wrote on the receiving side. */
  readonly trace?: Readonly<Record<string, string>>;
}

/** Stands for the handler of a whole event. */
export const ALL_HANDLERS = '*';

/** Identifies a job among all jobs: the same for each try to queue it. */
export function jobKey({ namespace, endpoint, eventId, handler = '', run = '' }: EventJob): string {
  return [scopeOf(namespace, endpoint), eventId, handler, run].join('\n');
}

/** Other applications may put jobs of their own on the same queue. */
export function isEventJob(job: Partial<EventJob> | null | undefined): job is EventJob {
  return (
    typeof job?.endpoint === 'string' && typeof job.eventId === 'string' && typeof job.rawBody === 'string'
  );
}

export function createEventJob(
  { endpoint, event, rawBody, deliveryId, scheme, receivedAt }: VerifiedDelivery,
  details: Pick<EventJob, 'namespace' | 'handler' | 'run' | 'finished' | 'retry' | 'trace'>,
): EventJob {
  return {
    endpoint,
    eventId: event.id,
    type: event.type,
    ...organizationOf(event),
    ...details,
    rawBody: Buffer.from(rawBody).toString('utf8'),
    deliveryId,
    ...(scheme && { scheme }),
    receivedAt: receivedAt.toISOString(),
  };
}

/** The delivery as it was when it was verified. */
export function deliveryOfJob({
  endpoint,
  rawBody: text,
  deliveryId,
  scheme,
  receivedAt,
}: EventJob): VerifiedDelivery {
  const rawBody = Buffer.from(text);
  const event = readEnvelope(rawBody);
  const occurredAt = readOccurredAt(event).date;
  return { endpoint, scheme, deliveryId, rawBody, event, occurredAt, receivedAt: new Date(receivedAt) };
}
