import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { EventJob } from '../../dispatch/event-job.js';
import type { EventJobs } from '../../dispatch/event-jobs.js';
import type { RateLimitedLog } from '../../shared/rate-limited-log.js';
import type { QueueSettings } from './bullmq-dispatcher.options.js';
import { patient } from './connection.js';
import { FailedAttemptError, messageOf, stackOf } from './failed-attempt.error.js';
import type { JobQueue } from './job-queue.js';
import { retryDelayMs } from '../../dispatch/queues/retry-delay.js';
import { settlesWithin } from '../../dispatch/queues/settles-within.js';

const FOREIGN_JOB_MS = 500;
const QUEUE_RETRY_MS = 2_000;
const CLOSE_MS = 2_000;

interface JobWorkerOptions {
  readonly endpoint: string;
  readonly jobs: EventJobs;
  readonly queue: JobQueue;
  readonly settings: QueueSettings;
  readonly log: RateLimitedLog;
  readonly onError: (error: Error) => void;
}

/** Takes an endpoint's jobs off the queue, and tells BullMQ what became of each. */
export class JobWorker {
  private readonly worker: Worker<EventJob>;
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly options: JobWorkerOptions) {
    const { queue, settings, onError } = options;
    const { connection, prefix } = queue.bull.opts;
    this.worker = new Worker<EventJob>(queue.bull.name, (job, token) => this.process(job, token), {
      concurrency: 10,
      maxStalledCount: 10,
      ...settings.worker,
      connection: patient(connection),
      ...(prefix !== undefined && { prefix }),
      settings: {
        backoffStrategy: (attemptsMade, _type, error, job) =>
          error instanceof FailedAttemptError && error.retryAfterMs !== undefined
            ? error.retryAfterMs
            : retryDelayMs((job?.data as EventJob).retry?.backoff ?? settings.backoff, attemptsMade),
      },
    });
    this.worker.on('error', onError);
  }

  /**
   * Takes no more jobs, and lets those that run finish. The ledger aborts them when the shutdown has waited long enough.
   * Then Redis has a moment to hear of it: a job of which it does not is given to another worker later.
   */
  async close(): Promise<void> {
    const paused = this.worker.pause();
    await Promise.allSettled(this.running);
    await settlesWithin(paused, CLOSE_MS);
    await settlesWithin(this.worker.close(true), CLOSE_MS);
  }

  private async process(job: Job<EventJob>, token: string | undefined): Promise<void> {
    const { jobs, queue } = this.options;
    if (!this.isOurs(job)) {
      return this.giveBack(job, token, FOREIGN_JOB_MS);
    }
    const work = jobs.work(job.data);
    this.running.add(work);
    const outcome = await work;
    this.running.delete(work);
    switch (outcome.status) {
      case 'done':
        return;
      case 'split':
        return queue.add(outcome.jobs).catch(() => this.giveBack(job, token, QUEUE_RETRY_MS));
      case 'later':
        return this.giveBack(job, token, outcome.afterMs);
      case 'failed':
        throw new FailedAttemptError(outcome.error, outcome.retryAfterMs);
      case 'unrecoverable':
        throw unrecoverable(outcome.error);
    }
  }

  /** Other endpoints, and applications, may share a queue: what is theirs goes back. */
  private isOurs(job: Job<Partial<EventJob> | undefined>): boolean {
    const { endpoint, log } = this.options;
    if (job.data?.endpoint === endpoint && typeof job.data.rawBody === 'string') {
      return true;
    }
    log.warn(
      'foreign_job',
      `The queue "${job.queueName}" holds jobs that are not this endpoint's; they were given back. Give each endpoint ` +
        'a queue of its own.',
    );
    return false;
  }

  /** Counts no attempt. */
  private async giveBack(job: Job, token: string | undefined, afterMs: number): Promise<never> {
    await job.moveToDelayed(Date.now() + afterMs, token);
    throw new DelayedError();
  }
}

function unrecoverable(error: unknown): UnrecoverableError {
  const failure = new UnrecoverableError(messageOf(error));
  failure.stack = stackOf(error);
  return failure;
}
