import { createHash } from 'node:crypto';
import { type EventJob, jobKey } from '../../dispatch/event-job.js';
import { scopeOf } from '../../idempotency/ledger.js';

interface Endpoint {
  readonly namespace?: string | undefined;
  readonly endpoint: string;
}

/**
 * The id of a job: the same for each try to queue it. It begins with what the jobs of an event have in common, by which
 * they are found. BullMQ takes no ids that are numbers or hold a colon, as the ids of events may be, so they are hashed.
 */
export function jobIdOf(job: EventJob): string {
  return `${eventPrefix(job, job.eventId)}${digest(jobKey(job))}`;
}

/** Neither an endpoint's name nor a namespace holds a `~`. */
export function endpointPrefix({ namespace, endpoint }: Endpoint): string {
  return `${scopeOf(namespace, endpoint)}~`;
}

export function eventPrefix(endpoint: Endpoint, eventId: string): string {
  return `${endpointPrefix(endpoint)}${digest(eventId)}~`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
