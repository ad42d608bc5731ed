import { type Job, type JobsOptions, Queue } from 'bullmq';
import type { EventJob } from '../../dispatch/event-job.js';
import { QueueUnavailableError } from '../../dispatch/queues/queue-unavailable.error.js';
import type { BullMqDispatcherOptions, QueueSettings } from './bullmq-dispatcher.options.js';
import { CallBatcher } from '../../dispatch/queues/call-batcher.js';
import { impatient } from './connection.js';
import { jobIdOf } from './job-id.js';
import { settlesWithin } from '../../dispatch/queues/settles-within.js';

/** Names the strategy that the worker is given: each retry's delay is reckoned when its time comes. */
const BACKOFF = { type: 'scalekit-webhooks' };
const CLOSE_MS = 2_000;

/** BullMQ's queue, filled in batches and within a time. */
export class JobQueue {
  readonly bull: Queue;
  private readonly isOurs: boolean;
  private readonly batcher: CallBatcher<EventJob>;

  constructor(
    endpoint: string,
    options: BullMqDispatcherOptions,
    private readonly settings: QueueSettings,
    private readonly onError: (error: Error) => void,
  ) {
    this.isOurs = options.queue === undefined;
    this.bull = options.queue ?? openQueue(endpoint, options);
    this.bull.on('error', onError);
    const { timeoutMs } = settings;
    this.batcher = new CallBatcher({
      send: (jobs) => this.send(jobs),
      timeoutMs,
      onTimeout: () => this.unavailable(new Error(`Redis did not confirm within ${timeoutMs} ms.`)),
    });
  }

  /**
   * Resolves once Redis has all of the jobs.
   *
   * @throws QueueUnavailableError when it may not have them
   */
  async add(jobs: readonly EventJob[]): Promise<void> {
    if (jobs.length > 0) {
      await this.batcher.add(jobs);
    }
  }

  /** A queue of the user's is the user's to close. */
  async close(): Promise<void> {
    if (!this.isOurs) {
      this.bull.off('error', this.onError);
      return;
    }
    const closing = this.bull.close();
    const isClosed = await settlesWithin(closing, CLOSE_MS);
    if (!isClosed || (await isRejected(closing))) {
      // It says goodbye to a server that is away, and would go on looking for it.
      await settlesWithin(this.bull.disconnect(), 0);
    }
  }

  private async send(jobs: readonly EventJob[]): Promise<void> {
    try {
      const [added, failedCount] = await Promise.all([
        this.bull.addBulk(jobs.map((data) => ({ name: nameOf(data), data, opts: this.optionsOf(data) }))),
        this.bull.getFailedCount(),
      ]);
      if (failedCount > 0) {
        await Promise.all(added.map((job) => this.revive(job)));
      }
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  /**
   * BullMQ passes over a job whose id it still has. That is right while the job waits or runs, but a dead letter would
   * stay one: an event that comes again, long after it was given up, is tried again.
   */
  private async revive(added: Job): Promise<void> {
    if (!(await added.isFailed())) {
      return;
    }
    const kept = (await this.bull.getJob(String(added.id))) as Job<EventJob> | undefined;
    if (!kept || kept.timestamp === added.timestamp) {
      return; // It is the one that was added, and has failed since.
    }
    try {
      await kept.updateData(added.data as EventJob);
      await kept.retry('failed', { resetAttemptsMade: true });
    } catch (error) {
      if (await kept.isFailed()) {
        throw error;
      }
    }
  }

  private optionsOf(job: EventJob): JobsOptions {
    const { attempts, keepFailedSeconds } = this.settings;
    return {
      jobId: jobIdOf(job),
      attempts: job.retry?.attempts ?? attempts,
      backoff: BACKOFF,
      removeOnComplete: true,
      removeOnFail: keepFailedSeconds === undefined ? false : { age: keepFailedSeconds },
      stackTraceLimit: 1,
    };
  }

  private unavailable(cause: unknown): QueueUnavailableError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new QueueUnavailableError(`The queue "${this.bull.name}" failed to take an event: ${reason}`, {
      cause,
    });
  }
}

function openQueue(endpoint: string, { connection = {}, queueName, prefix }: BullMqDispatcherOptions): Queue {
  const name = queueName ?? (endpoint === 'default' ? 'scalekit-webhooks' : `scalekit-webhooks-${endpoint}`);
  return new Queue(name, { connection: impatient(connection), ...(prefix !== undefined && { prefix }) });
}

/** For dashboards. */
function nameOf({ type, handler }: EventJob): string {
  return handler === undefined ? type : `${type} ${handler}`;
}

async function isRejected(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}
