import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import type { Ledger } from '../idempotency/ledger.js';
import { hasErrorCode, retrySecondsOf, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { EndpointRole } from './endpoint-role.js';
import { createEventJob, deliveryOfJob, type EventJob } from './event-job.js';
import type { HandlerRunner } from './handler-runner.js';
import { logFailure } from './log-failure.js';
import { TraceContext } from './trace-context.js';

/**
 * - `done`: the handler has finished, now or before; forget the job.
 * - `split`: queue these jobs, then forget the one that they came from.
 * - `later`: give the job back for that long, and count no attempt: another process has the event, the store is
 *   away, or this process shuts down.
 * - `failed`: count an attempt, and retry (after `retryAfterMs` where that is given) until there is none left.
 * - `unrecoverable`: keep it as a dead letter at once.
 */
export type JobOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'split'; readonly jobs: readonly EventJob[] }
  | { readonly status: 'later'; readonly afterMs: number }
  | { readonly status: 'failed'; readonly error: unknown; readonly retryAfterMs?: number | undefined }
  | { readonly status: 'unrecoverable'; readonly error: unknown };

const STORE_RETRY_MS = 2_000;
/** Whoever holds the handler may finish long before its lease ends. */
const LONGEST_WAIT_MS = 10_000;
/** Several events may wait for the same turn, and each time one of them gets it. */
const TURN_WAIT_MS = 1_000;
/** Another replay of the same event takes a few calls to the queue. */
const REPLAY_WAIT_MS = 50;

interface EventJobsOptions {
  readonly role: EndpointRole;
  readonly ledger: Ledger;
  readonly handlers: HandlerRunner;
}

/** What is to be done of an event. */
interface Order {
  readonly finished: ReadonlySet<string>;
  readonly run: string | undefined;
  readonly trace: EventJob['trace'] | undefined;
}

/** Makes jobs of a claimed event, and does the work of a job. A dispatcher carries them from here to there. */
export class EventJobs {
  private readonly logger = new Logger('ScalekitWebhook');
  private readonly trace = new TraceContext();

  constructor(private readonly options: EventJobsOptions) {}

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

  /** Does what the job asks for. Never rejects. */
  async work(job: EventJob): Promise<JobOutcome> {
    try {
      return await this.trace.run(job.trace, () => this.start(job));
    } catch (error) {
      return outcomeOf(error);
    }
  }

  private queueable(delivery: VerifiedDelivery, order: Order): readonly EventJob[] {
    if (this.options.role !== 'receive') {
      return this.split(delivery, order);
    }
    const { run, trace } = order;
    const finished = [...order.finished];
    return [
      createEventJob(delivery, {
        ...(run !== undefined && { run }),
        ...(finished.length > 0 && { finished }),
        ...(trace && { trace }),
      }),
    ];
  }

  private split(delivery: VerifiedDelivery, { finished, run, trace }: Order): readonly EventJob[] {
    return this.options.handlers
      .handlersFor(delivery.event.type)
      .filter(({ name }) => !finished.has(name))
      .map(({ name: handler, options: { retry } }) =>
        createEventJob(delivery, {
          handler,
          ...(run !== undefined && { run }),
          ...(retry && { retry }),
          ...(trace && { trace }),
        }),
      );
  }

  private async start(job: EventJob): Promise<JobOutcome> {
    const delivery = deliveryOfJob(job);
    if (job.handler === undefined) {
      const { finished, run, trace } = job;
      return { status: 'split', jobs: this.split(delivery, { finished: new Set(finished), run, trace }) };
    }
    const handler = this.handlerOf(job.handler, job.type);
    const { eventId, run } = job;
    const answer = await this.options.ledger.beginHandler({
      eventId,
      handler: handler.name,
      run,
      rawBody: delivery.rawBody,
    });
    switch (answer.status) {
      case 'acquired':
        return this.runClaimed(handler, delivery, answer.claim);
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
  ): Promise<JobOutcome> {
    const { handlers } = this.options;
    try {
      const recorded = await handlers.within(delivery, claim, (session) =>
        handlers.run(handler, session, (records) => claim.completeWithin(records)),
      );
      if (recorded) {
        claim.close();
        return { status: 'done' };
      }
    } catch (error) {
      logFailure(this.logger, { handler: handler.name, error, delivery, attempt: claim.attempt });
      await claim.settled(() => claim.release());
      return outcomeOf(error);
    }
    const held = await claim.settled(() => claim.complete());
    return held ? { status: 'done' } : { status: 'later', afterMs: LONGEST_WAIT_MS };
  }

  private handlerOf(name: string, type: string): EventHandler {
    const handler = this.options.handlers.handlersFor(type).find((each) => each.name === name);
    if (!handler) {
      throw new ScalekitWebhookError(
        'unknown_handler',
        `The job is for ${name} on ${type}, but this process has no such handler. Deploy the workers before or with ` +
          'the receivers; if the handler was removed or renamed, discard the event.',
      );
    }
    return handler;
  }
}

function outcomeOf(error: unknown): JobOutcome {
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
  const retryAfterMs = seconds && seconds * 1_000;
  return is('out_of_turn')
    ? { status: 'later', afterMs: Math.min(retryAfterMs ?? 0, TURN_WAIT_MS) }
    : { status: 'failed', error, retryAfterMs };
}
