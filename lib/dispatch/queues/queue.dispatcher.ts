import {
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { DispatchOutcome } from '../../answers/answers.js';
import type { Claim } from '../../idempotency/claim.js';
import type { AcceptResult, InboxEvent } from '../../idempotency/transactional-inbox.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { Batcher } from '../../shared/batcher.js';
import { messageOf } from '../../shared/describe-error.js';
import { RateLimitedLog } from '../../shared/rate-limited-log.js';
import type { VerifiedDelivery } from '../../signature/verified-delivery.js';
import { checkSetup } from '../endpoint-role.js';
import type { DispatcherHost, EventDispatcher, FailedEvents } from '../event-dispatcher.js';
import { type EventJob, isEventJob } from '../event-job.js';
import type { EventJobs } from '../event-jobs.js';
import type { JobAttempt, JobOutcome } from '../job-retries.js';
import { type DeadLetter, DeadLetters, type FailedJobs } from './dead-letters.js';
import type { QueueSettings } from './queue-settings.js';

/**
 * The queue could not take an event, or did not say so in time: the delivery gets 503 and the sender retries.
 *
 * @publicApi
 */
export class QueueUnavailableError extends ScalekitWebhookError<'queue_unavailable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('queue_unavailable', message, options);
  }
}

const FOREIGN_JOB_MS = 500;
const QUEUE_RETRY_MS = 2_000;
/** The most jobs of one batch: after an outage, what piled up goes out in portions. */
const MAX_CALLS = 100;

/** What an engine tells its queue of a job. */
export type Settlement = Exclude<JobOutcome, { readonly status: 'split' }>;

/** Does the work of a job. Never rejects. */
export type WorkOn = (data: unknown, at: Omit<JobAttempt, 'backoff'>) => Promise<Settlement>;

/** Takes jobs until it is closed. */
export interface QueueWorker {
  readonly isRunning: boolean;
  close(): Promise<void>;
}

/** The part of a queue that differs: how jobs are put there, taken, settled, and found when they have failed. */
export interface QueueEngine<Letter extends DeadLetter = DeadLetter> {
  /** For the boot log. */
  readonly name: string;
  /** Names the server in errors. */
  readonly server: string;
  readonly failedJobs: FailedJobs<Letter>;
  /** Claims an event and queues its jobs in one transaction. Undefined where store and queue share no database. */
  readonly accept?: ((event: InboxEvent, jobs: readonly EventJob[]) => Promise<AcceptResult>) | undefined;
  /** Whether an error may be the fault of one event alone, so that the others of its batch are worth another try. */
  mayBeOneCall(error: unknown): boolean;
  /** Called at boot, in every role. Rejects where the settings cannot work. */
  open?(): Promise<void>;
  /**
   * Puts jobs on the queue in one batch. A job that waits or runs there already is passed over; one that has failed
   * starts anew, and is a dead letter no longer.
   */
  put(jobs: readonly EventJob[]): Promise<void>;
  /** Takes jobs and settles them, until it is closed. Closing waits for the jobs that run. */
  startWorker(workOn: WorkOn): QueueWorker;
  /** Rejects where the server can't be reached. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

/** What an engine is given. */
export interface EngineHost extends Pick<DispatcherHost, 'endpoint' | 'namespace' | 'store'> {
  readonly queueName: string;
  /** Says something at boot. */
  readonly log: (text: string) => void;
  /** Logs an error of the connection. */
  readonly onError: (error: unknown) => void;
}

/**
 * Queues events, answers as soon as the queue has them, and runs their handlers in workers: a job for each handler,
 * so that one that fails is retried alone. The ledger decides what runs.
 */
export class QueueDispatcher<Letter extends DeadLetter>
  implements EventDispatcher, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly name: string;
  readonly failures: FailedEvents;
  private readonly log: RateLimitedLog;
  private readonly queueName: string;
  private readonly engine: QueueEngine<Letter>;
  private readonly batcher: Batcher<readonly EventJob[], unknown>;
  private worker: QueueWorker | undefined;

  constructor(
    private readonly host: DispatcherHost,
    queueName: string | undefined,
    private readonly settings: QueueSettings,
    createEngine: (host: EngineHost) => QueueEngine<Letter>,
  ) {
    const { endpoint, namespace, store } = host;
    const logger = new Logger('ScalekitWebhook');
    const warning = checkSetup('queue', host);
    if (warning !== undefined) {
      logger.warn(`[${endpoint}] ${warning}`);
    }
    this.log = new RateLimitedLog(logger, endpoint);
    this.queueName = queueName ?? defaultQueueName(namespace, endpoint);
    const onError = (error: unknown) => {
      this.log.warn('queue_error', messageOf(error));
    };
    const log = (text: string) => {
      logger.log(`[${endpoint}] ${text}`);
    };
    this.engine = createEngine({ endpoint, namespace, store, queueName: this.queueName, log, onError });
    const { name, server } = this.engine;
    this.name = name;
    const { timeoutMs } = settings;
    this.batcher = new Batcher({
      send: (calls) => this.send(calls),
      timeoutMs,
      onTimeout: () => this.unavailable(new Error(`${server} did not confirm within ${timeoutMs} ms.`)),
      maxCalls: MAX_CALLS,
      isFaultOfOne: (error) => this.engine.mayBeOneCall(error),
    });
    this.failures = new DeadLetters(this.engine.failedJobs, (jobs) => this.add(jobs), host.jobs);
  }

  async dispatch(delivery: VerifiedDelivery, claim: Claim): Promise<DispatchOutcome> {
    const jobs = this.host.jobs.jobsOf(delivery, claim);
    if (jobs.length === 0) {
      return { status: 'handled' };
    }
    try {
      await this.add(jobs);
      return { status: 'accepted' };
    } catch (error) {
      const message = `${messageOf(error)} Deliveries are answered 503 until it is back.`;
      this.log.warn('queue_unavailable', message);
      return { status: 'failed', errors: [error] };
    }
  }

  accept(delivery: VerifiedDelivery): ReturnType<EventJobs['accept']> | undefined {
    const { accept } = this.engine;
    return accept && this.host.jobs.accept(delivery, accept);
  }

  async unfinishedJobs(eventId: string): Promise<number> {
    return (await this.engine.failedJobs.liveJobsOf(eventId)).length;
  }

  ping(): Promise<unknown> {
    return this.engine.ping();
  }

  get isWorking(): boolean | undefined {
    return this.host.role === 'receive' ? undefined : (this.worker?.isRunning ?? false);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.engine.open?.();
    if (this.host.role !== 'receive') {
      this.worker = this.engine.startWorker((data, at) => this.workOn(data, at));
    }
  }

  /** Runs beside the ledger's draining, because deliveries may still come in. */
  async onModuleDestroy(): Promise<void> {
    await this.worker?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.close();
    this.log.close();
  }

  /**
   * Resolves once the queue has all of the jobs.
   *
   * @throws QueueUnavailableError when it may not have them
   */
  private async add(jobs: readonly EventJob[]): Promise<void> {
    if (jobs.length > 0) {
      await this.batcher.run(jobs);
    }
  }

  private async send(calls: readonly (readonly EventJob[])[]): Promise<unknown[]> {
    try {
      await this.engine.put(calls.flat());
      return [];
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  private async workOn(data: unknown, at: Omit<JobAttempt, 'backoff'>): Promise<Settlement> {
    const { jobs } = this.host;
    const job = data as Partial<EventJob> | null | undefined;
    if (!jobs.isOurs(job)) {
      this.log.warn(
        'foreign_job',
        `The queue "${this.queueName}" holds jobs that are not of this endpoint; they were given back. Give each ` +
          'endpoint a queue of its own.',
      );
      return isEventJob(job) ? jobs.wrongPick(job) : { status: 'later', afterMs: FOREIGN_JOB_MS };
    }
    const outcome = await jobs.work(job, { ...at, backoff: this.settings.backoff });
    if (outcome.status !== 'split') {
      return outcome;
    }
    return this.add(outcome.jobs).then(
      () => ({ status: 'done' }),
      () => ({ status: 'later', afterMs: QUEUE_RETRY_MS }),
    );
  }

  private unavailable(cause: unknown): QueueUnavailableError {
    const message = `The queue "${this.queueName}" failed to take an event: ${messageOf(cause)}`;
    return new QueueUnavailableError(message, { cause });
  }
}

function defaultQueueName(namespace: string | undefined, endpoint: string): string {
  const parts = [namespace, endpoint === 'default' ? undefined : endpoint];
  return ['scalekit-webhooks', ...parts.filter((part) => part !== undefined)].join('-');
}
