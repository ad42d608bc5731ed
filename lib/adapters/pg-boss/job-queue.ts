import type { JobInsert } from 'pg-boss';
import type { EventJob } from '../../dispatch/event-job.js';
import { CallBatcher } from '../../dispatch/queues/call-batcher.js';
import { errorMessage } from '../../dispatch/queues/error-message.js';
import { QueueUnavailableError } from '../../dispatch/queues/queue-unavailable.error.js';
import { isRefusedValue } from '../postgres/sql-state.js';
import type { BossConnection } from './boss-connection.js';
import { eventKeyOf, jobIdOf } from './job-id.js';
import type { QueuedJob } from './job-table.js';
import type { QueueSettings } from './pg-boss-dispatcher.options.js';

/** Longer than any handler may run: a worker's heartbeat says that it has died, not the time that its job takes. */
const EXPIRE_SECONDS = 86_400;
const NEVER = 0;
/** While one is committed, the next is read; more would take the workers' connections. */
const MAX_UNDER_WAY = 2;

/** pg-boss's queue, filled in batches and within a time. */
export class JobQueue {
  private readonly batcher: CallBatcher<EventJob>;
  /** Called when jobs have been queued. */
  onAdded: () => void = () => undefined;

  constructor(
    private readonly connection: BossConnection,
    private readonly settings: QueueSettings,
  ) {
    const { timeoutMs } = settings;
    this.batcher = new CallBatcher({
      send: (jobs) => this.send(jobs),
      timeoutMs,
      onTimeout: () => this.unavailable(new Error(`PostgreSQL did not confirm within ${timeoutMs} ms.`)),
      mayBeOneCall: isRefusedValue,
      maxUnderWay: MAX_UNDER_WAY,
    });
  }

  /**
   * Resolves once PostgreSQL has committed all of the jobs.
   *
   * @throws QueueUnavailableError when it may not have
   */
  async add(jobs: readonly EventJob[]): Promise<void> {
    if (jobs.length > 0) {
      await this.batcher.add(jobs);
    }
  }

  /**
   * In the order of their ids, so that two processes with the same jobs don't wait for each other's rows. pg-boss
   * passes over a job whose id it still has. That is right while the job waits or runs, but one that has ended
   * stays so: an event that comes again, long after it was given up, is tried again.
   */
  private async send(events: readonly EventJob[]): Promise<void> {
    const sorted = events.map((job) => this.queued(job)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const jobs = new Map(sorted.map((job) => [job.id, job]));
    try {
      const { boss, table } = await this.connection.open();
      const added = await boss.insert(this.connection.queue, [...jobs.values()], { returnId: true });
      for (const id of added ?? []) {
        jobs.delete(id);
      }
      if (jobs.size > 0) {
        await table.revive([...jobs.values()]);
      }
    } catch (error) {
      throw this.unavailable(error);
    }
    this.onAdded();
  }

  private queued(data: EventJob): JobInsert<EventJob> & QueuedJob {
    const { attempts, keepFailedSeconds = NEVER } = this.settings;
    return {
      id: jobIdOf(data),
      data,
      retryLimit: (data.retry?.attempts ?? attempts) - 1,
      singletonKey: eventKeyOf(data),
      expireInSeconds: EXPIRE_SECONDS,
      deleteAfterSeconds: keepFailedSeconds,
      deadLetter: this.connection.deadLetters,
    };
  }

  private unavailable(cause: unknown): QueueUnavailableError {
    return new QueueUnavailableError(
      `The queue "${this.connection.queue}" failed to take an event: ${errorMessage(cause)}`,
      { cause },
    );
  }
}
