import { DelayedError, type Job, type Queue, RateLimitError, UnrecoverableError, Worker } from 'bullmq';
import type { EventJob } from '../../dispatch/event-job.js';
import type { QueueWorker, WorkOn } from '../../dispatch/queues/queue.dispatcher.js';
import { messageOf } from '../../shared/describe-error.js';
import { settlesWithin } from '../../shared/within.js';
import { type BullMqSettings, keepTrying } from './bullmq-dispatcher.options.js';

const CLOSE_MS = 2_000;
/** BullMQ recognises its request to slow down by this message alone. */
const RATE_LIMIT = new RateLimitError().message;

/**
 * Tells BullMQ that an attempt failed: the message becomes the job's `failedReason`. The handler's own error is never
 * passed on, because BullMQ treats errors of certain names differently, and takes errors only.
 */
class FailedAttemptError extends Error {
  override readonly name = 'FailedAttemptError';

  constructor(
    cause: unknown,
    readonly retryAfterMs: number | undefined,
  ) {
    super(reasonOf(cause), { cause });
    this.stack = stackOf(cause);
  }
}

/** Makes the job a dead letter at once. */
class GivenUpError extends UnrecoverableError {
  constructor(cause: unknown) {
    super(reasonOf(cause));
    this.stack = stackOf(cause);
  }
}

/** Takes jobs off the queue, and tells BullMQ what became of each. */
export class JobWorker implements QueueWorker {
  private readonly worker: Worker<EventJob>;
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    { name, opts: { connection, prefix } }: Queue,
    settings: BullMqSettings,
    onError: (error: unknown) => void,
    private readonly workOn: WorkOn,
  ) {
    this.worker = new Worker<EventJob>(name, (job, token) => this.process(job, token), {
      concurrency: 10,
      maxStalledCount: 10,
      ...settings.worker,
      connection: keepTrying(connection),
      ...(prefix !== undefined && { prefix }),
      settings: {
        backoffStrategy: (_attemptsMade, _type, error) =>
          error instanceof FailedAttemptError ? (error.retryAfterMs ?? 0) : settings.backoff.delayMs,
      },
    });
    this.worker.on('error', onError);
    this.worker.on('failed', (job, error) => {
      if (!isReported(error)) {
        const what = job ? `${job.name} (${job.id})` : 'a job';
        const fate = job?.finishedOn ? 'It is a dead letter now.' : 'It is tried again.';
        onError(new Error(`BullMQ failed ${what}: ${error.message}. ${fate}`));
      }
    });
  }

  get isRunning(): boolean {
    return this.worker.isRunning();
  }

  /**
   * Takes no more jobs, and lets those that run finish. The ledger aborts them when the shutdown has waited long enough.
   * Then up to 2 s are left to tell Redis: if it is not told how a job ended, another worker gets the job later.
   */
  async close(): Promise<void> {
    const paused = this.worker.pause();
    await Promise.allSettled(this.running);
    const isPaused = await settlesWithin(paused, CLOSE_MS);
    await settlesWithin(this.worker.close(true), CLOSE_MS);
    if (!isPaused) {
      // pause() ends with a new connection, as soon as a Redis that hung answers again.
      const disconnect = () => this.worker.disconnect();
      paused.then(disconnect, disconnect).catch(() => undefined);
    }
  }

  private async process(job: Job<EventJob>, token: string | undefined): Promise<void> {
    const attempt = job.attemptsMade + 1;
    const work = this.workOn(job.data, { attempt, attempts: job.opts.attempts ?? 1 });
    this.running.add(work);
    const outcome = await work;
    this.running.delete(work);
    switch (outcome.status) {
      case 'done':
        return;
      case 'later':
        if (outcome.job) {
          await job.updateData(outcome.job);
        }
        await job.moveToDelayed(Date.now() + outcome.afterMs, token);
        throw new DelayedError();
      case 'failed':
        throw new FailedAttemptError(outcome.error, outcome.retryAfterMs);
      case 'unrecoverable':
        throw new GivenUpError(outcome.error);
    }
  }
}

/** True if the handler failed, which is logged already. BullMQ has failures of its own, such as a job that stalled too often. */
function isReported(error: Error): boolean {
  return error instanceof FailedAttemptError || error instanceof GivenUpError;
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === RATE_LIMIT ? `Error: ${message}` : message;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? reasonOf(error)) : reasonOf(error);
}
