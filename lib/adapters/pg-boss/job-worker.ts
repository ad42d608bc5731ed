import { setTimeout as wait } from 'node:timers/promises';
import type { JobAttempt } from 'pg-boss';
import { ALL_HANDLERS } from '../../dispatch/event-job.js';
import type { EngineHost, QueueWorker, Settlement, WorkOn } from '../../dispatch/queues/queue.dispatcher.js';
import { messageOf } from '../../shared/describe-error.js';
import { settlesWithin } from '../../shared/within.js';
import type { CompletionWithRemoval } from '../../idempotency/transactional-inbox.js';
import { Batcher } from '../../shared/batcher.js';
import type { BossConnection } from './boss-connection.js';
import type { GivenBack, LostJob } from './job-table.js';
import type { PgBossSettings } from './pg-boss-dispatcher.options.js';
import { jsonOf, numberOf, textOf } from './read-row.js';

/** What a worker needs of a fetched job. */
interface Job extends JobAttempt {
  readonly retryLimit: number;
  readonly data: unknown;
}

const SETTLE_RETRY_MS = 1_000;
const CLOSE_MS = 2_000;
/** A place that is free waits so long for others, so that one statement fetches jobs for all of them, and one claims them. */
const REFILL_MS = 10;
const DEATHS = 'Its worker died, again and again.';

/**
 * Takes an endpoint's jobs off the queue, and tells pg-boss what became of each. Not by `boss.work()`: that waits for
 * the slowest job of a batch, looks for single ones twice a second at most, and can't give a job back.
 */
export class JobWorker implements QueueWorker {
  private readonly running = new Map<string, { readonly job: Job; readonly work: Promise<void> }>();
  private readonly finished: Batcher<JobAttempt, unknown>;
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
    const { timeoutMs, worker } = settings;
    this.finished = new Batcher({
      send: (jobs) => this.remove(jobs),
      timeoutMs,
      onTimeout: () => new Error(`PostgreSQL did not confirm within ${timeoutMs} ms that a job is done.`),
      maxCalls: 100,
      maxUnderWay: 1,
    });
    this.heartbeat = setInterval(() => void this.beat(), (worker.heartbeatSeconds * 1_000) / 3);
    this.loop = this.run();
  }

  get isRunning(): boolean {
    return !this.isClosing;
  }

  /** Ends the pause between two looks at the queue, or keeps the next one from beginning. */
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
    if (settlement.status === 'done' && settlement.isRemoved) {
      return;
    }
    while (!(await this.isSettled(job, settlement)) && !this.isClosing) {
      await wait(SETTLE_RETRY_MS);
    }
  }

  /** What is said twice, because the first answer is late, does no harm: it counts for this attempt only. */
  private async isSettled(job: Job, settlement: Settlement): Promise<boolean> {
    const failed = this.settle(job, settlement).then(
      () => undefined,
      (error: unknown) => error,
    );
    const late = new Error('PostgreSQL did not confirm in time what became of a job.');
    const failure = (await settlesWithin(failed, this.settings.timeoutMs)) ? await failed : late;
    if (failure !== undefined) {
      this.host.onError(failure);
    }
    return failure === undefined;
  }

  private async settle(job: Job, settlement: Settlement): Promise<void> {
    switch (settlement.status) {
      case 'done':
        await this.finished.run(job);
        return;
      case 'later': {
        const { afterMs, job: data } = settlement;
        return this.giveBack({ ...attemptOf(job), afterMs, countsAttempt: false, ...(data && { data }) });
      }
      case 'failed': {
        const { error, retryAfterMs: afterMs = 0 } = settlement;
        const reason = storable(messageOf(error));
        return job.retryCount < job.retryLimit
          ? this.giveBack({ ...attemptOf(job), afterMs, countsAttempt: true, reason })
          : this.giveUp(job, reason);
      }
      case 'unrecoverable':
        return this.giveUp(job, storable(messageOf(settlement.error)));
    }
  }

  private async giveBack(job: GivenBack): Promise<void> {
    const { table } = await this.connection.open();
    await table.giveBack([job]);
  }

  private async giveUp(job: JobAttempt, message: string): Promise<void> {
    const { boss, table } = await this.connection.open();
    await table.makeLastAttempt(job);
    await boss.fail(this.connection.queue, [attemptOf(job)], { message });
  }

  /** Not completed: pg-boss would keep the payload, and the id, for a week. */
  private async remove(jobs: readonly JobAttempt[]): Promise<unknown[]> {
    const { boss } = await this.connection.open();
    await boss.deleteJob(this.connection.queue, jobs.map(attemptOf));
    return [];
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
        await this.giveUp(job, DEATHS);
        this.host.onError(new Error(describeLost(job)));
      }
    } catch (error) {
      this.host.onError(error);
    } finally {
      this.isBeating = false;
    }
  }
}

function attemptOf({ id, retryCount }: JobAttempt): JobAttempt {
  return { id, retryCount };
}

function describeLost({ handler, eventId, type, retryCount }: LostJob): string {
  return `${handler ?? ALL_HANDLERS}, event ${eventId} (${type}): ${DEATHS} ${retryCount + 1} attempts, now a dead letter.`;
}

/** PostgreSQL refuses U+0000, and jsonb lone surrogates. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\ufffd')).toString();
}
