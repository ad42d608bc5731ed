import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import type { Ledger } from '../idempotency/ledger.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { RateLimitedLog } from '../shared/rate-limited-log.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { EndpointRole } from './endpoint-role.js';
import { ALL_HANDLERS, createEventJob, deliveryOfJob, type EventJob, isEventJob } from './event-job.js';
import type { HandlerRunner } from './handler-runner.js';
import {
  describeAttempt,
  isLast,
  type JobAttempt,
  type JobOutcome,
  LONGEST_WAIT_MS,
  outcomeOf,
} from './job-outcome.js';
import { logFailure } from './log-failure.js';
import { TraceContext } from './trace-context.js';

/** Another replay of the same event takes a few calls to the queue. */
const REPLAY_WAIT_MS = 50;
/** A job that needs another process waits for so long, and after half a minute twice as long each time. */
const FIRST_WRONG_PICK_MS = 500;
const EQUAL_WRONG_PICKS = 60;
const LAST_WRONG_PICK_MS = 60_000;
/** About a day. */
const MAX_WRONG_PICKS = 1_500;

interface EventJobsOptions {
  readonly endpoint: string;
  readonly namespace: string | undefined;
  readonly role: EndpointRole;
  readonly ledger: Ledger;
  readonly handlers: HandlerRunner;
}

/** Which handlers to leave out, and for which replay. */
interface Plan {
  readonly finished: ReadonlySet<string>;
  readonly run: string | undefined;
  readonly trace: EventJob['trace'] | undefined;
}

/** Makes jobs of a claimed event, and does the work of a job. A dispatcher carries them from here to there. */
export class EventJobs {
  private readonly logger = new Logger('ScalekitWebhook');
  private readonly log: RateLimitedLog;
  private readonly trace = new TraceContext();

  constructor(private readonly options: EventJobsOptions) {
    this.log = new RateLimitedLog(this.logger, options.endpoint);
  }

  /** One job a handler that has not finished; where only workers know the handlers, one for all of them. */
  jobsOf(delivery: VerifiedDelivery, { handlersDone: finished }: Claim): readonly EventJob[] {
    return this.queueable(delivery, { finished, run: undefined, trace: this.trace.capture() });
  }

  /** The jobs of an event that was queued before: all its handlers anew, but for those of `except`. */
  replayOf(job: EventJob, run: string, except: ReadonlySet<string> = new Set()): readonly EventJob[] {
    return this.queueable(deliveryOfJob(job), { finished: except, run, trace: job.trace });
  }

  /** Runs `work` while no other process that shares the store does so for the same event. */
  async oneAtATime<T>(eventId: string, work: () => Promise<T>): Promise<T> {
    const { ledger } = this.options;
    let answer = await ledger.beginReplay(eventId);
    while (answer.status === 'in_progress') {
      await wait(REPLAY_WAIT_MS);
      answer = await ledger.beginReplay(eventId);
    }
    try {
      return await work();
    } finally {
      if (answer.status === 'acquired') {
        await answer.claim.release().catch(() => undefined);
      }
    }
  }

  /** Whether the job is this endpoint's. Others may share its queue. */
  isOurs(job: Partial<EventJob> | null | undefined): job is EventJob {
    const { endpoint, namespace } = this.options;
    return isEventJob(job) && job.endpoint === endpoint && job.namespace === namespace;
  }

  /**
   * Does what the job asks for. Never rejects.
   *
   * @param at where the job stands in its queue; without it, the queue reckons the delay of a retry
   */
  async work(job: EventJob, at?: JobAttempt): Promise<JobOutcome> {
    try {
      return await this.trace.run(job.trace, () => this.start(job, at));
    } catch (error) {
      const outcome = outcomeOf(error, job, at);
      if (outcome.status !== 'later') {
        const { eventId: id, type, handler = ALL_HANDLERS } = job;
        const attempt = at ? describeAttempt(outcome, at) : 1;
        logFailure(this.logger, { handler, error, delivery: { event: { id, type, data: {} } }, attempt });
      }
      return outcome;
    }
  }

  /** For a job that another process has to do: it goes back uncounted, and is a dead letter after about a day. */
  wrongPick(job: EventJob): Exclude<JobOutcome, { status: 'split' }> {
    const { namespace = 'none' } = this.options;
    const wrongPicks = (job.wrongPicks ?? 0) + 1;
    const what =
      `a job for the handler ${job.handler ?? ALL_HANDLERS} of the endpoint "${job.endpoint}" (namespace ${job.namespace ?? 'none'}), ` +
      `event type ${job.type}, was taken by a process of the endpoint "${this.options.endpoint}" (namespace ${namespace}) that has no such handler`;
    const advice =
      'Deploy workers before or with the receivers, set namespace where two applications share a server, and discard ' +
      'the event if the handler was removed or renamed.';
    if (wrongPicks > MAX_WRONG_PICKS) {
      const error = new ScalekitWebhookError('unknown_handler', `${wrongPicks} times, ${what}. ${advice}`);
      return { status: 'unrecoverable', error };
    }
    const afterMs = Math.min(
      FIRST_WRONG_PICK_MS * 2 ** Math.max(0, wrongPicks - EQUAL_WRONG_PICKS),
      LAST_WRONG_PICK_MS,
    );
    this.log.warn(
      'unknown_handler',
      `${what}. It goes back for ${afterMs / 1_000} s and no attempt is counted. ${advice}`,
    );
    return { status: 'later', afterMs, job: { ...job, wrongPicks } };
  }

  private get scope(): Pick<EventJob, 'namespace'> {
    const { namespace } = this.options;
    return namespace === undefined ? {} : { namespace };
  }

  private queueable(delivery: VerifiedDelivery, plan: Plan): readonly EventJob[] {
    if (this.options.role !== 'receive') {
      return this.split(delivery, plan);
    }
    const { run, trace } = plan;
    const finished = [...plan.finished];
    return [
      createEventJob(delivery, {
        ...this.scope,
        ...(run !== undefined && { run }),
        ...(finished.length > 0 && { finished }),
        ...(trace && { trace }),
      }),
    ];
  }

  private split(delivery: VerifiedDelivery, { finished, run, trace }: Plan): readonly EventJob[] {
    return this.options.handlers
      .handlersFor(delivery.event.type)
      .filter(({ name }) => !finished.has(name))
      .map(({ name: handler, options: { retry } }) =>
        createEventJob(delivery, {
          ...this.scope,
          handler,
          ...(run !== undefined && { run }),
          ...(retry && { retry }),
          ...(trace && { trace }),
        }),
      );
  }

  private async start(job: EventJob, at: JobAttempt | undefined): Promise<JobOutcome> {
    const delivery = deliveryOfJob(job);
    if (job.handler === undefined) {
      const { finished, run, trace } = job;
      return { status: 'split', jobs: this.split(delivery, { finished: new Set(finished), run, trace }) };
    }
    const handler = this.options.handlers.handlersFor(job.type).find(({ name }) => name === job.handler);
    if (!handler) {
      return this.wrongPick(job);
    }
    const { eventId, run } = job;
    const answer = await this.options.ledger.beginHandler({
      eventId,
      handler: handler.name,
      run,
      rawBody: delivery.rawBody,
    });
    switch (answer.status) {
      case 'acquired':
        return this.runClaimed(handler, delivery, answer.claim, job, at);
      case 'in_progress':
        return { status: 'later', afterMs: Math.min(answer.retryAfterMs, LONGEST_WAIT_MS) };
      default:
        return { status: 'done' };
    }
  }

  private async runClaimed(
    handler: EventHandler,
    delivery: VerifiedDelivery,
    claim: Claim,
    job: EventJob,
    at: JobAttempt | undefined,
  ): Promise<JobOutcome> {
    const { handlers } = this.options;
    try {
      const claimed = handlers.begin(delivery, claim);
      const recorded = await handlers.run(handler, claimed, (records) => claim.completeWithin(records), {
        isQueued: true,
        attempt: at?.attempt ?? claim.attempt,
        isLast: (error) => isLast(outcomeOf(error, job, at), at),
      });
      if (recorded) {
        claim.close();
        return { status: 'done' };
      }
    } catch (error) {
      const outcome = outcomeOf(error, job, at);
      const attempt = at ? describeAttempt(outcome, at) : claim.attempt;
      logFailure(this.logger, { handler: handler.name, error, delivery, attempt });
      await claim.settled(() => claim.release());
      return outcome;
    }
    const held = await claim.settled(() => claim.complete());
    return held ? { status: 'done' } : { status: 'later', afterMs: LONGEST_WAIT_MS };
  }
}
