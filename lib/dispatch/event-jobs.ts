import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import type { AcceptAnswer, Ledger } from '../idempotency/ledger.js';
import type { AcceptResult, InboxEvent } from '../idempotency/transactional-inbox.js';
import type { Awaitable } from '../shared/awaitable.js';
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
  WrongPicks,
} from './job-retries.js';
import { logFailure } from './log-failure.js';
import { TraceContext } from './trace-context.js';

/** How long to wait while another replay of the same event makes a few calls to the queue. */
const REPLAY_WAIT_MS = 50;

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
  private readonly wrongPicks: WrongPicks;
  private readonly trace = new TraceContext();

  constructor(private readonly options: EventJobsOptions) {
    this.wrongPicks = new WrongPicks(options, new RateLimitedLog(this.logger, options.endpoint));
  }

  /** One job for each unfinished handler; one job for all of them in a receiver, which does not know the handlers. */
  jobsOf(delivery: VerifiedDelivery, { handlersDone: finished }: Claim): readonly EventJob[] {
    return this.newJobs(delivery, finished);
  }

  /** Has a queue claim an event and take its jobs at once: those of all its handlers. */
  accept(
    delivery: VerifiedDelivery,
    ask: (event: InboxEvent, jobs: readonly EventJob[]) => Promise<AcceptResult>,
  ): Awaitable<AcceptAnswer> {
    const jobs = this.newJobs(delivery, new Set());
    const as = jobs.length > 0 ? 'accepted' : 'done';
    return this.options.ledger.accept(delivery, (key, options) => ask({ key, as, ...options }, jobs));
  }

  /** The jobs that run a queued event again: one for each handler that is not in `except`. */
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
   * @param at where the job stands in its queue; without it, the queue computes the delay of a retry
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

  /** The outcome of a job whose handler this process does not have. */
  wrongPick(job: EventJob): Exclude<JobOutcome, { status: 'split' }> {
    return this.wrongPicks.outcomeOf(job);
  }

  private get scope(): Pick<EventJob, 'namespace'> {
    const { namespace } = this.options;
    return namespace === undefined ? {} : { namespace };
  }

  private newJobs(delivery: VerifiedDelivery, finished: ReadonlySet<string>): readonly EventJob[] {
    return this.queueable(delivery, { finished, run: undefined, trace: this.trace.capture() });
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
    const removal = at?.removal;
    const done: JobOutcome = { status: 'done', ...(removal && { isRemoved: true }) };
    try {
      const claimed = handlers.begin(delivery, claim);
      const recorded = await handlers.run(
        handler,
        claimed,
        (records) => claim.completeWithin(records, removal),
        {
          isQueued: true,
          attempt: at?.attempt ?? claim.attempt,
          isLast: (error) => isLast(outcomeOf(error, job, at), at),
        },
      );
      if (recorded) {
        claim.close();
        return done;
      }
    } catch (error) {
      const outcome = outcomeOf(error, job, at);
      const attempt = at ? describeAttempt(outcome, at) : claim.attempt;
      logFailure(this.logger, { handler: handler.name, error, delivery, attempt });
      await claim.settled(() => claim.release());
      return outcome;
    }
    const held = await claim.settled(() => claim.complete(removal));
    return held ? done : { status: 'later', afterMs: LONGEST_WAIT_MS };
  }
}
