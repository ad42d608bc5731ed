import { type Job, type JobsOptions, Queue } from 'bullmq';
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
import {
  type BullMqDispatcherOptions,
  type BullMqSettings,
  failFast,
  resolveSettings,
} from './bullmq-dispatcher.options.js';
import { BullMqFailedJobs, type BullMqLetter } from './failed-jobs.js';
import { jobIdOf } from './job-id.js';
import { JobWorker } from './job-worker.js';

/**
 * Queues events in BullMQ, answers as soon as Redis has them, and runs their handlers in workers: a job for each
 * handler, so that one that fails is retried alone. The ledger decides what runs, so the endpoint's store has to be one
 * that all its processes share.
 *
 * @throws ScalekitWebhookError (`invalid_options`)
 * @see https://docs.bullmq.io
 * @publicApi
 */
export function bullMqDispatcher(options: BullMqDispatcherOptions): DispatcherFactory {
  const settings = resolveSettings(options);
  return (host) =>
    new QueueDispatcher(
      host,
      options.queue?.name ?? options.queueName,
      settings,
      (engineHost) => new BullMqEngine(engineHost, options, settings),
    );
}

/** Names the strategy that the worker is given: the delay of a retry is computed when the attempt has failed. */
const BACKOFF = { type: 'scalekit-webhooks' };
const CLOSE_MS = 2_000;

/** Puts jobs on BullMQ's queue. */
class BullMqEngine implements QueueEngine<BullMqLetter> {
  readonly name = 'bullmq';
  readonly server = 'Redis';
  private readonly bull: Queue;
  private readonly isOurs: boolean;
  readonly failedJobs: BullMqFailedJobs;

  constructor(
    private readonly host: EngineHost,
    options: BullMqDispatcherOptions,
    private readonly settings: BullMqSettings,
  ) {
    this.isOurs = options.queue === undefined;
    this.bull = options.queue ?? openQueue(host.queueName, options);
    this.bull.on('error', host.onError);
    this.failedJobs = new BullMqFailedJobs(host, this.bull);
  }

  async put(jobs: readonly EventJob[]): Promise<void> {
    const [added, failedCount] = await Promise.all([
      this.bull.addBulk(jobs.map((data) => ({ name: nameOf(data), data, opts: this.optionsOf(data) }))),
      this.bull.getFailedCount(),
    ]);
    if (failedCount > 0) {
      await Promise.all(added.map((job) => this.revive(job)));
    }
  }

  mayBeOneCall(): boolean {
    return true;
  }

  ping(): Promise<unknown> {
    return this.bull.getFailedCount();
  }

  startWorker(workOn: WorkOn): QueueWorker {
    return new JobWorker(this.bull, this.settings, this.host.onError, workOn);
  }

  /** A queue of the user's is the user's to close. */
  async close(): Promise<void> {
    if (!this.isOurs) {
      this.bull.off('error', this.host.onError);
      return;
    }
    const closing = this.bull.close();
    const isClosed = await settlesWithin(closing, CLOSE_MS);
    if (!isClosed || (await isRejected(closing))) {
      // close() sends a command first, and would go on looking for a server that is away.
      await settlesWithin(this.bull.disconnect(), 0);
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
    await this.failedJobs.retry({ name: '', data: kept.data, job: kept }, added.data as EventJob);
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
}

function openQueue(name: string, { connection = {}, prefix }: BullMqDispatcherOptions): Queue {
  return new Queue(name, { connection: failFast(connection), ...(prefix !== undefined && { prefix }) });
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
