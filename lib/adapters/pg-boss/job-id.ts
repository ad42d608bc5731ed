import { createHash } from 'node:crypto';
import { type EventJob, jobKey } from '../../dispatch/event-job.js';
import { scopeOf } from '../../idempotency/ledger.js';

/** pg-boss takes UUIDs only. The same for each try to queue the job (RFC 9562, version 8). */
export function jobIdOf(job: EventJob): string {
  const bytes = createHash('sha256').update(jobKey(job)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** What an event's jobs have in common, by which they are found: an index of pg-boss's holds it. */
export function eventKeyOf({
  namespace,
  endpoint,
  eventId,
}: {
  readonly namespace?: string | undefined;
  readonly endpoint: string;
  readonly eventId: string;
}): string {
  return createHash('sha256')
    .update(`${scopeOf(namespace, endpoint)}\n${eventId}`)
    .digest('base64url');
}
