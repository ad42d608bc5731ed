import { createHash } from 'node:crypto';
import { type EventJob, jobKey } from '../../dispatch/event-job.js';

/**
 * BullMQ takes no ids that are numbers or hold a colon, as the ids of events may be. The same for each try to queue
 * the job, and beginning with what its event's jobs have in common, by which they are found. No endpoint's name holds
 * a `~`.
 */
export function jobIdOf(job: EventJob): string {
  return `${eventPrefix(job.endpoint, job.eventId)}${digest(jobKey(job))}`;
}

export function endpointPrefix(endpoint: string): string {
  return `${endpoint}~`;
}

export function eventPrefix(endpoint: string, eventId: string): string {
  return `${endpointPrefix(endpoint)}${digest(eventId)}~`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
