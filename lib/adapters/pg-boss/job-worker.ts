import type { JobAttempt } from 'pg-boss';
import { ALL_HANDLERS } from '../../dispatch/event-job.js';
import type { EngineHost, QueueWorker, Settlement, WorkOn } from '../../dispatch/queues/queue.dispatcher.js';
import type { CompletionWithRemoval } from '../../idempotency/transactional-inbox.js';
import { settlesWithin } from '../../shared/within.js';
import type { BossConnection } from './boss-connection.js';
import { attemptOf, type Job, JobSettlements } from './job-settlements.js';
import type { LostJob } from './job-table.sql.js';
import type { PgBossSettings } from './pg-boss-dispatcher.options.js';
import { jsonOf, numberOf, textOf } from './read-row.js';

const CLOSE_MS = 2_000;
/** How long a free place waits for others, so that one statement fetches, and one claims, jobs for all of them. */
const REFILL_MS = 10;
const DEATHS = 'Its worker died, again and again.';

/**
 * Takes an endpoint's jobs off the queue. Not by `boss.work()`: that waits for
 * the slowest job of a batch, looks for single ones twice a second at most, and can't give a job back.
 */
export class JobWorker implements QueueWorker {
  private readonly running = new Map<string, { readonly job: Job; readonly work: Promise<void> }>();
  private readonly settlements: JobSettlements;
  private readonly loop: Promise<void>;
  private readonly heartbeat: NodeJS.Timeout;
  private isBeating = false;
  private mayBeMore = false;
  private isClosing = false;
  private shouldLook = false;
  private endPause: (() => void) | undefined;
  private refilling: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: EngineHost,
    private readonly connection: BossConnection,
    private readonly settings: PgBossSettings,
    private readonly workOn: WorkOn,
    private readonly removalOf: (job: JobAttempt) => CompletionWithRemoval | undefined,
  ) {
    this.settlements = new JobSettlements(host, connection, settings.timeoutMs);
    this.heartbeat = setInterval(() => void this.beat(), (settings.worker.heartbeatSeconds * 1_000) / 3);
    this.loop = this.run();
  }

  get isRunning(): boolean {
    return !this.isClosing;
  }

  /** Ends the current pause between two fetches, or skips the next one. */
  lookForJobs(): void {
    clearTimeout(this.refilling);
    this.refilling = undefined;
    this.shouldLook = true;
    this.endPause?.();
  }

  /**
   * Takes no more jobs, and lets those that run finish. The ledger aborts them when the shutdown has waited long enough.
   * Then PostgreSQL has a moment to hear of it: a job of which it does not is given to another worker later.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    this.lookForJobs();
    await settlesWithin(this.loop, CLOSE_MS);
    await Promise.all([...this.running.values()].map(({ work }) => work));
    clearInterval(this.heartbeat);
  }

  private async run(): Promise<void> {
    const { concurrency, pollingIntervalSeconds } = this.settings.worker;
    while (!this.isClosing) {
      const free = concurrency - this.running.size;
      const jobs = free > 0 ? await this.fetch(free) : [];
      this.mayBeMore = jobs.length === free;
      for (const job of jobs) {
        this.take(job);
      }
      if (!this.mayBeMore || this.isHalfFull) {
        await this.pause(pollingIntervalSeconds * 1_000);
      }
    }
  }

  private get isHalfFull(): boolean {
    return this.running.size > this.settings.worker.concurrency / 2;
  }

  private refill(): void {
    if (this.isHalfFull) {
      this.refilling ??= setTimeout(() => {
        this.lookForJobs();
      }, REFILL_MS);
    } else {
      this.lookForJobs();
    }
  }

  private async pause(timeoutMs: number): Promise<void> {
    if (!this.shouldLook) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.endPause = undefined;
    this.shouldLook = false;
  }

  private async fetch(batchSize: number): Promise<Job[]> {
    try {
      const { boss } = await this.connection.open();
      const jobs = await boss.fetch(this.connection.queue, { batchSize, includeMetadata: true });
      return jobs.map(({ id, retryCount, retryLimit, data }) => ({
        id: textOf(id),
        retryCount: numberOf(retryCount),
        retryLimit: numberOf(retryLimit),
        data: jsonOf(data),
      }));
    } catch (error) {
      this.host.onError(error);
      return [];
    }
  }

  private take(job: Job): void {
    const work = this.process(job).finally(() => {
      this.running.delete(job.id);
      if (this.mayBeMore) {
        this.refill();
      }
    });
    this.running.set(job.id, { job, work });
  }

  private async process(job: Job): Promise<void> {
    const settlement: Settlement = this.isClosing
      ? { status: 'later', afterMs: 0 }
      : await this.workOn(job.data, {
          attempt: job.retryCount + 1,
          attempts: job.retryLimit + 1,
          removal: this.removalOf(job),
        });
    await this.settlements.settle(job, settlement, () => this.isClosing);
  }

  /** Says that this process lives, and takes the jobs back of processes that have died. */
  private async beat(): Promise<void> {
    if (this.isBeating) {
      return;
    }
    this.isBeating = true;
    try {
      const { boss, table } = await this.connection.open();
      const jobs = [...this.running.values()].map(({ job }) => attemptOf(job));
      if (jobs.length > 0) {
        await boss.touch(this.connection.queue, jobs);
      }
      for (const job of await table.takeBack(this.host, this.settings.worker.heartbeatSeconds)) {
        await this.settlements.giveUp(job, DEATHS);
        this.host.onError(new Error(describeLost(job)));
      }
    } catch (error) {
      this.host.onError(error);
    } finally {
      this.isBeating = false;
    }
  }
}

function describeLost({ handler, eventId, type, retryCount }: LostJob): string {
  return `${handler ?? ALL_HANDLERS}, event ${eventId} (${type}): ${DEATHS} ${retryCount + 1} attempts, now a dead letter.`;
}
