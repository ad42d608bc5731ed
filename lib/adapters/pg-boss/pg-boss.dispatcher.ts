import type { JobAttempt, JobInsert } from 'pg-boss';
import type { DispatcherFactory } from '../../dispatch/event-dispatcher.js';
import type { EventJob } from '../../dispatch/event-job.js';
import {
  type EngineHost,
  QueueDispatcher,
  type QueueEngine,
  type QueueWorker,
  type WorkOn,
} from '../../dispatch/queues/queue.dispatcher.js';
import { settlesWithin } from '../../shared/within.js';
import { isRefusedValue } from '../postgres/sql-state.js';
import { BossConnection, FOR_EVER_SECONDS, isFinal } from './boss-connection.js';
import { PgBossFailedJobs } from './failed-jobs.js';
import { eventKeyOf, jobIdOf } from './job-id.js';
import type { QueuedJob } from './job-table.sql.js';
import { JobWorker } from './job-worker.js';
import { OneTransaction } from './one-transaction.js';
import {
  type PgBossDispatcherOptions,
  type PgBossSettings,
  resolveSettings,
} from './pg-boss-dispatcher.options.js';
import { textOf } from './read-row.js';

/**
 * Queues events in pg-boss, answers as soon as PostgreSQL has committed them, and runs their handlers in workers: a job
 * for each handler, so that one that fails is retried alone. The ledger decides what runs, so the endpoint's store has
 * to be one that all its processes share.
 *
 * @throws ScalekitWebhookError (`invalid_options`)
 * @see https://pgboss.io
 * @publicApi
 */
export function pgBossDispatcher(options: PgBossDispatcherOptions): DispatcherFactory {
  const settings = resolveSettings(options);
  return (host) =>
    new QueueDispatcher(
      host,
      options.queueName,
      settings,
      (engineHost) => new PgBossEngine(engineHost, options, settings),
    );
}

/** Longer than any handler may run: a worker's heartbeat says that it has died, not the time that its job takes. */
const EXPIRE_SECONDS = 86_400;
const NEVER = 0;

/** Puts jobs on pg-boss's queue. */
class PgBossEngine implements QueueEngine {
  readonly name = 'pg-boss';
  readonly server = 'PostgreSQL';
  readonly failedJobs: PgBossFailedJobs;
  private readonly connection: BossConnection;
  private oneTransaction: OneTransaction | undefined;
  private onAdded: () => void = () => undefined;

  constructor(
    private readonly host: EngineHost,
    options: PgBossDispatcherOptions,
    private readonly settings: PgBossSettings,
  ) {
    this.connection = new BossConnection(host.queueName, options, settings, host.onError, async (open) => {
      this.oneTransaction = await OneTransaction.tryToOpen(host, open, {
        queue: host.queueName,
        timeoutMs: settings.timeoutMs,
        toInsert: (job) => this.queued(job),
        onAdded: () => {
          this.onAdded();
        },
      });
    });
    this.failedJobs = new PgBossFailedJobs(host, this.connection, (jobs) => this.put(jobs));
  }

  /** Gives pg-boss time to start, so that the first delivery finds it ready. A server that is away is waited for later. */
  async open(): Promise<void> {
    const opening = this.connection.open();
    if (await settlesWithin(opening, this.settings.timeoutMs)) {
      await opening.catch((error: unknown) => {
        if (isFinal(error)) {
          throw error;
        }
      });
    }
  }

  /**
   * In the order of their ids, so that two processes with the same jobs don't wait for each other's rows. pg-boss
   * passes over a job whose id it still has. That is right while the job waits or runs, but one that has ended
   * stays so: an event that comes again, long after it was given up, is tried again.
   */
  async put(events: readonly EventJob[]): Promise<void> {
    const sorted = events.map((job) => this.queued(job)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const jobs = new Map(sorted.map((job) => [job.id, job]));
    const { boss, table } = await this.connection.open();
    const added = await boss.insert(this.connection.queue, [...jobs.values()], { returnId: true });
    for (const id of added ?? []) {
      jobs.delete(textOf(id));
    }
    if (jobs.size > 0) {
      await table.revive([...jobs.values()]);
    }
    this.onAdded();
  }

  get accept(): QueueEngine['accept'] {
    const transaction = this.oneTransaction;
    return transaction && ((event, jobs) => transaction.accept(event, jobs));
  }

  mayBeOneCall(error: unknown): boolean {
    return isRefusedValue(error);
  }

  async ping(): Promise<unknown> {
    const { table } = await this.connection.open();
    return table.queues();
  }

  startWorker(workOn: WorkOn): QueueWorker {
    const removalOf = (job: JobAttempt) => this.oneTransaction?.removalOf(job);
    const worker = new JobWorker(this.host, this.connection, this.settings, workOn, removalOf);
    this.onAdded = () => {
      worker.lookForJobs();
    };
    return worker;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private queued(data: EventJob): JobInsert<EventJob> & QueuedJob {
    const { attempts, keepFailedSeconds = NEVER } = this.settings;
    return {
      id: jobIdOf(data),
      data,
      retryLimit: (data.retry?.attempts ?? attempts) - 1,
      singletonKey: eventKeyOf(data),
      expireInSeconds: EXPIRE_SECONDS,
      retentionSeconds: FOR_EVER_SECONDS,
      deleteAfterSeconds: keepFailedSeconds,
      deadLetter: this.connection.deadLetters,
    };
  }
}
