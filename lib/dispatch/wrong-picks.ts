import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { RateLimitedLog } from '../shared/rate-limited-log.js';
import { ALL_HANDLERS, type EventJob } from './event-job.js';
import { type JobOutcome, withJitter } from './job-outcome.js';

/** A job that needs another process waits for so long, and after half a minute twice as long each time. */
const FIRST_WRONG_PICK_MS = 500;
const EQUAL_WRONG_PICKS = 60;
const LAST_WRONG_PICK_MS = 60_000;
/** About a day. */
const MAX_WRONG_PICKS = 2_000;

/** What becomes of jobs that this process took and another one has to do. */
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
