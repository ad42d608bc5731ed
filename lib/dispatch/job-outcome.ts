import { hasErrorCode, retrySecondsOf } from '../scalekit-webhook.errors.js';
import type { HandlerBackoff } from '../handlers/event-handler.js';
import type { CompletionWithRemoval } from '../idempotency/transactional-inbox.js';
import type { EventJob } from './event-job.js';

/**
 * - `done`: the handler has finished, now or before; forget the job, unless that is done already (`isRemoved`).
 * - `split`: queue these jobs, then forget the one that they came from.
 * - `later`: give the job back for that long, and count no attempt: another process has the event, the store is
 *   away, this process shuts down, or it has no such handler. Keep `job`, where it is given, in place of the job.
 * - `failed`: count an attempt, and retry (after `retryAfterMs` where that is given) until there is none left.
 * - `unrecoverable`: keep it as a dead letter at once.
 */
export type JobOutcome =
  | { readonly status: 'done'; readonly isRemoved?: boolean }
  | { readonly status: 'split'; readonly jobs: readonly EventJob[] }
  | { readonly status: 'later'; readonly afterMs: number; readonly job?: EventJob }
  | { readonly status: 'failed'; readonly error: unknown; readonly retryAfterMs?: number | undefined }
  | { readonly status: 'unrecoverable'; readonly error: unknown };

/** Where a job stands in its queue, for the delay of the next attempt and for the log. */
export interface JobAttempt {
  /** The attempt number, from 1. */
  readonly attempt: number;
  /** How many attempts the job has. */
  readonly attempts: number;
  /** The dispatcher's own; a handler's comes first. */
  readonly backoff: HandlerBackoff;
  /** Removes the job in the transaction of the handler's completion, where the queue can. */
  readonly removal?: CompletionWithRemoval | undefined;
}

const STORE_RETRY_MS = 2_000;
/** Whoever holds the handler may finish long before its lease ends. */
export const LONGEST_WAIT_MS = 10_000;
/** Several events may wait for the same turn, and each time one of them gets it. */
const TURN_WAIT_MS = 1_000;
/** One day. Without a limit, 2^n milliseconds soon exceed what a timer takes. */
const LONGEST_DELAY_MS = 86_400_000;

export function outcomeOf(error: unknown, job: EventJob, at: JobAttempt | undefined): JobOutcome {
  const is = (code: string) => hasErrorCode(error, code);
  if (is('unrecoverable_event')) {
    return { status: 'unrecoverable', error };
  }
  if (is('shutting_down')) {
    return { status: 'later', afterMs: 0 };
  }
  if (is('store_unavailable')) {
    return { status: 'later', afterMs: STORE_RETRY_MS };
  }
  if (is('lease_lost')) {
    return { status: 'later', afterMs: LONGEST_WAIT_MS };
  }
  const seconds = retrySecondsOf(error);
  const askedMs = seconds && seconds * 1_000;
  if (is('out_of_turn')) {
    return { status: 'later', afterMs: Math.min(askedMs ?? 0, TURN_WAIT_MS) };
  }
  if (!at || at.attempt >= at.attempts) {
    return { status: 'failed', error, retryAfterMs: askedMs };
  }
  const backoff = job.retry?.backoff ?? at.backoff;
  return { status: 'failed', error, retryAfterMs: askedMs ?? retryDelayMs(backoff, at.attempt) };
}

/** How long to wait after `attemptsMade` attempts, in milliseconds. */
export function retryDelayMs({ type, delayMs }: HandlerBackoff, attemptsMade: number): number {
  if (type === 'fixed') {
    return delayMs;
  }
  return withJitter(Math.min(delayMs * 2 ** (attemptsMade - 1), LONGEST_DELAY_MS));
}

/** Between half of that time and all of it. */
export function withJitter(ms: number): number {
  return Math.round(ms * (1 - Math.random() / 2));
}

/** Whether the job is a dead letter now. */
export function isLast({ status }: JobOutcome, at: JobAttempt | undefined): boolean {
  return status === 'unrecoverable' || (status === 'failed' && (!at || at.attempt >= at.attempts));
}

/** What the log says of a failed job's attempt: "attempt 2 of 8, the next one in 4.2 s". */
export function describeAttempt(outcome: JobOutcome, at: JobAttempt): string {
  const count = `${at.attempt} of ${Math.max(at.attempt, at.attempts)}`;
  switch (outcome.status) {
    case 'later':
      return `${count}, not counted: tried again in ${outcome.afterMs / 1_000} s`;
    case 'failed':
      return at.attempt < at.attempts
        ? `${count}, the next one in ${Math.round((outcome.retryAfterMs ?? 0) / 100) / 10} s`
        : `${count}, now a dead letter`;
    default:
      return `${count}, now a dead letter`;
  }
}
