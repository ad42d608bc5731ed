import type { HandlerBackoff } from '../handlers/event-handler.js';
import type { CompletionWithRemoval } from '../idempotency/transactional-inbox.js';
import { hasErrorCode, retrySecondsOf, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { RateLimitedLog } from '../shared/rate-limited-log.js';
import { ALL_HANDLERS, type EventJob } from './event-job.js';

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
/** The longest wait for a handler that another process runs: it may finish long before its lease ends. */
export const LONGEST_WAIT_MS = 10_000;
/** The longest wait for a `latestOnly` turn: several events may wait for it, and only one gets it each time. */
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

/** How long a job waits for a process that has its handler. After half a minute the wait doubles each time. */
const FIRST_WRONG_PICK_MS = 500;
const EQUAL_WRONG_PICKS = 60;
const LAST_WRONG_PICK_MS = 60_000;
/** About a day. */
const MAX_WRONG_PICKS = 2_000;

/** Decides what becomes of jobs whose handler this process does not have. */
export class WrongPicks {
  constructor(
    private readonly owner: { readonly endpoint: string; readonly namespace: string | undefined },
    private readonly log: RateLimitedLog,
  ) {}

  /** The job goes back uncounted, and is a dead letter after about a day. */
  outcomeOf(job: EventJob): Exclude<JobOutcome, { status: 'split' }> {
    const { namespace = 'none' } = this.owner;
    const wrongPicks = (job.wrongPicks ?? 0) + 1;
    const what =
      `a job for the handler ${job.handler ?? ALL_HANDLERS} of the endpoint "${job.endpoint}" (namespace ${job.namespace ?? 'none'}), ` +
      `event type ${job.type}, was taken by a process of the endpoint "${this.owner.endpoint}" (namespace ${namespace}) that has no such handler`;
    const advice =
      'Deploy workers before or with the receivers, set namespace where two applications share a server, and discard ' +
      'the event if the handler was removed or renamed.';
    if (wrongPicks > MAX_WRONG_PICKS) {
      const error = new ScalekitWebhookError('unknown_handler', `${wrongPicks} times, ${what}. ${advice}`);
      return { status: 'unrecoverable', error };
    }
    const longest = Math.min(
      FIRST_WRONG_PICK_MS * 2 ** Math.max(0, wrongPicks - EQUAL_WRONG_PICKS),
      LAST_WRONG_PICK_MS,
    );
    // With equal waits, two processes may take each other's jobs again and again.
    const afterMs = withJitter(longest);
    this.log.warn(
      'unknown_handler',
      `${what}. It goes back for ${afterMs / 1_000} s and no attempt is counted. ${advice}`,
    );
    return { status: 'later', afterMs, job: { ...job, wrongPicks } };
  }
}
