import { setTimeout as wait } from 'node:timers/promises';
import type { JobAttempt, JobWithMetadata } from 'pg-boss';
import type { EventJob } from '../../dispatch/event-job.js';
import type { EventJobs, JobOutcome } from '../../dispatch/event-jobs.js';
import { CallBatcher } from '../../dispatch/queues/call-batcher.js';
import { errorMessage } from '../../dispatch/queues/error-message.js';
import { retryDelayMs } from '../../dispatch/queues/retry-delay.js';
import { settlesWithin } from '../../dispatch/queues/settles-within.js';
import type { RateLimitedLog } from '../../shared/rate-limited-log.js';
import type { BossConnection } from './boss-connection.js';
import { Doorbell } from './doorbell.js';
import type { JobQueue } from './job-queue.js';
import type { QueueSettings } from './pg-boss-dispatcher.options.js';

type Job = JobWithMetadata<EventJob>;

const FOREIGN_JOB_MS = 500;
const QUEUE_RETRY_MS = 2_000;
const SETTLE_RETRY_MS = 1_000;
const CLOSE_MS = 2_000;
const DEATHS = 'Its worker died, again and again.';

interface JobWorkerOptions {
  readonly endpoint: string;
  readonly jobs: EventJobs;
  readonly queue: JobQueue;
  readonly connection: BossConnection;
  readonly settings: QueueSettings;
  readonly log: RateLimitedLog;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes an endpoint's jobs off the queue, and tells pg-boss what became of each. Not by `boss.work()`: that waits for
 * the slowest job of a batch, looks for single ones twice a second at most, and can't give a job back.
 */
export class JobWorker {
  private readonly running = new Map<string, { readonly job: Job; readonly work: Promise<void> }>();
  private readonly bell = new Doorbell();
  private readonly finished: CallBatcher<JobAttempt>;
  private readonly loop: Promise<void>;
  private readonly heartbeat: NodeJS.Timeout;
  private isBeating = false;
  private mayBeMore = false;
  private isClosing = false;

  constructor(private readonly options: JobWorkerOptions) {
    const { queue, settings } = options;
    const { timeoutMs, worker } = settings;
    this.finished = new CallBatcher({
      send: (jobs) => this.remove(jobs),
      timeoutMs,
      onTimeout: () => new Error(`PostgreSQL did not confirm within ${timeoutMs} ms that a job is done.`),
      mayBeOneCall: () => false,
      maxUnderWay: 1,
    });
    queue.onAdded = () => {
      this.bell.ring();
    };
    this.heartbeat = setInterval(() => void this.beat(), (worker.heartbeatSeconds * 1_000) / 3);
    this.loop = this.run();
  }

  /**
   * Takes no more jobs, and lets those that run finish. The ledger aborts them when the shutdown has waited long enough.
   * Then PostgreSQL has a moment to hear of it: a job of which it does not is given to another worker later.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    this.bell.ring();
    await settlesWithin(this.loop, CLOSE_MS);
    await Promise.all([...this.running.values()].map(({ work }) => work));
    clearInterval(this.heartbeat);
  }

  private async run(): Promise<void> {
    const { concurrency, pollingIntervalSeconds } = this.options.settings.worker;
    while (!this.isClosing) {
      const free = concurrency - this.running.size;
      const jobs = free > 0 ? await this.fetch(free) : [];
      this.mayBeMore = jobs.length === free;
      for (const job of jobs) {
        this.take(job);
      }
      if (!this.mayBeMore || free === 0) {
        await this.bell.wait(pollingIntervalSeconds * 1_000);
      }
    }
  }

  private async fetch(batchSize: number): Promise<Job[]> {
    const { connection, onError } = this.options;
    try {
      const { boss } = await connection.open();
      return await boss.fetch<EventJob>(connection.queue, { batchSize, includeMetadata: true });
    } catch (error) {
      onError(error);
      return [];
    }
  }

  private take(job: Job): void {
    const work = this.process(job).finally(() => {
      this.running.delete(job.id);
      if (this.mayBeMore) {
        this.bell.ring();
      }
    });
    this.running.set(job.id, { job, work });
  }

  private async process(job: Job): Promise<void> {
    const outcome = await this.work(job);
    while (!(await this.isSettled(job, outcome)) && !this.isClosing) {
      await wait(SETTLE_RETRY_MS);
    }
  }

  private async work(job: Job): Promise<JobOutcome> {
    if (this.isClosing) {
      return { status: 'later', afterMs: 0 };
    }
    return this.isOurs(job)
      ? await this.options.jobs.work(job.data)
      : { status: 'later', afterMs: FOREIGN_JOB_MS };
  }

  /** What is said twice, because the first answer is late, does no harm: it counts for this attempt only. */
  private async isSettled(job: Job, outcome: JobOutcome): Promise<boolean> {
    const { settings, onError } = this.options;
    const failed = this.settle(job, outcome).then(
      () => undefined,
      (error: unknown) => error,
    );
    const late = new Error('PostgreSQL did not confirm in time what became of a job.');
    const failure = (await settlesWithin(failed, settings.timeoutMs)) ? await failed : late;
    if (failure !== undefined) {
      onError(failure);
    }
    return failure === undefined;
  }

  private async settle(job: Job, outcome: JobOutcome): Promise<void> {
    switch (outcome.status) {
      case 'done':
        return this.finished.add([job]);
      case 'split': {
        const isQueued = await this.options.queue.add(outcome.jobs).then(
          () => true,
          () => false,
        );
        return isQueued ? this.finished.add([job]) : this.giveBack(job, QUEUE_RETRY_MS, false);
      }
      case 'later':
        return this.giveBack(job, outcome.afterMs, false);
      case 'failed':
        return job.retryCount < job.retryLimit
          ? this.giveBack(job, this.delayMs(job, outcome.retryAfterMs), true, outcome.error)
          : this.giveUp(job, errorMessage(outcome.error));
      case 'unrecoverable':
        return this.giveUp(job, errorMessage(outcome.error));
    }
  }

  private delayMs({ data, retryCount }: Job, retryAfterMs: number | undefined): number {
    return retryAfterMs ?? retryDelayMs(data.retry?.backoff ?? this.options.settings.backoff, retryCount + 1);
  }

  private async giveBack(job: Job, afterMs: number, countsAttempt: boolean, error?: unknown): Promise<void> {
    const { table } = await this.options.connection.open();
    const reason = error === undefined ? {} : { reason: storable(errorMessage(error)) };
    await table.giveBack([{ id: job.id, retryCount: job.retryCount, afterMs, countsAttempt, ...reason }]);
  }

  private async giveUp(job: JobAttempt, reason: string): Promise<void> {
    const { connection } = this.options;
    const { boss, table } = await connection.open();
    await table.makeLastAttempt(job);
    await boss.fail(connection.queue, [job], { message: storable(reason) });
  }

  /** Not completed: pg-boss would keep the payload, and the id, for a week. */
  private async remove(jobs: readonly JobAttempt[]): Promise<void> {
    const { connection } = this.options;
    const { boss } = await connection.open();
    await boss.deleteJob(connection.queue, [...jobs]);
  }

  /** Says that this process lives, and takes back what those have left that don't. */
  private async beat(): Promise<void> {
    if (this.isBeating) {
      return;
    }
    this.isBeating = true;
    const { endpoint, connection, settings, onError } = this.options;
    try {
      const { boss, table } = await connection.open();
      const jobs = [...this.running.values()].map(({ job }) => job);
      if (jobs.length > 0) {
        await boss.touch(connection.queue, jobs);
      }
      for (const job of await table.takeBack(endpoint, settings.worker.heartbeatSeconds)) {
        await this.giveUp(job, DEATHS);
      }
    } catch (error) {
      onError(error);
    } finally {
      this.isBeating = false;
    }
  }

  /** Other endpoints, and applications, may share a queue: what is theirs goes back. */
  private isOurs({ data }: { readonly data: Partial<EventJob> | null }): boolean {
    const { endpoint, log, connection } = this.options;
    if (data?.endpoint === endpoint && typeof data.rawBody === 'string') {
      return true;
    }
    log.warn(
      'foreign_job',
      `The queue "${connection.queue}" holds jobs that are not this endpoint's; they were given back. Give each ` +
        'endpoint a queue of its own.',
    );
    return false;
  }
}

/** PostgreSQL refuses U+0000, and jsonb lone surrogates. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\ufffd')).toString();
}
