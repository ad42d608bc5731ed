import type { ConnectionOptions, Queue, WorkerOptions } from 'bullmq';
import type { HandlerBackoff } from '../../handlers/event-handler.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';

const MAX_TIMER_MS = 2_147_483_647;

/**
 * What is passed on to BullMQ's worker.
 *
 * @see https://docs.bullmq.io/guide/workers
 * @publicApi
 */
export interface BullMqWorkerOptions extends Pick<
  WorkerOptions,
  'limiter' | 'lockDuration' | 'metrics' | 'name' | 'stalledInterval' | 'telemetry'
> {
  /**
   * How many handlers a process runs side by side.
   *
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * How often a job whose process died is given to another, before it is a dead letter: an event that kills whoever
   * handles it must not go round for ever.
   *
   * @default 10
   */
  readonly maxStalledCount?: number;
}

/** @publicApi */
export interface BullMqDispatcherSettings {
  /**
   * How often a failing handler is tried, the first time included, before its event is a dead letter. A handler's own
   * `attempts` come first.
   *
   * @default 8
   */
  readonly attempts?: number;
  /**
   * How long to wait before the next attempt. `exponential` is shortened by a random part of up to a half, so that
   * events that failed together are not retried together. A handler's own `backoff` comes first.
   *
   * @default { type: 'exponential', delayMs: 1_000 }
   */
  readonly backoff?: HandlerBackoff;
  /**
   * How long Redis may take to confirm an event's jobs, in milliseconds. After that the delivery is answered 503.
   *
   * @default 2_000
   */
  readonly timeoutMs?: number;
  /**
   * How long a dead letter is kept, in seconds. It holds the event's payload. BullMQ removes the old ones when another
   * job fails.
   *
   * @default undefined: until it is replayed or discarded
   */
  readonly keepFailedSeconds?: number;
  readonly worker?: BullMqWorkerOptions;
}

/** @publicApi */
export interface BullMqConnectionOptions {
  /**
   * How to connect, or an `ioredis` or `redis` client, which stays open; that of `ioredis` needs
   * `maxRetriesPerRequest: null`.
   *
   * @see https://docs.bullmq.io/guide/connections
   */
  readonly connection: ConnectionOptions;
  /**
   * The queue's name.
   *
   * @default 'scalekit-webhooks', followed by '-' and the endpoint's name for one that is not 'default'
   */
  readonly queueName?: string;
  /**
   * What the queue's keys begin with. On Redis Cluster it needs braces, `'{bull}'`, so that they share a slot.
   *
   * @default 'bull'
   */
  readonly prefix?: string;
  readonly queue?: never;
}

/** @publicApi */
export interface BullMqQueueOptions {
  /** A queue of yours, such as one that `@nestjs/bullmq` registered. It is not closed. */
  readonly queue: Queue;
  readonly connection?: never;
  readonly queueName?: never;
  readonly prefix?: never;
}

/** @publicApi */
export type BullMqDispatcherOptions = BullMqDispatcherSettings &
  (BullMqConnectionOptions | BullMqQueueOptions);

/** Every default applied. */
export interface QueueSettings {
  readonly attempts: number;
  readonly backoff: HandlerBackoff;
  readonly timeoutMs: number;
  readonly keepFailedSeconds: number | undefined;
  readonly worker: BullMqWorkerOptions;
}

/** @throws ScalekitWebhookError (`invalid_options`) */
export function resolveSettings(options: BullMqDispatcherOptions): QueueSettings {
  const { attempts = 8, backoff = { type: 'exponential', delayMs: 1_000 }, timeoutMs = 2_000 } = options;
  const { keepFailedSeconds, worker = {} } = options;
  if ((options.connection === undefined) === (options.queue === undefined)) {
    throw invalid('needs a connection or a queue, and not both.');
  }
  if (options.queueName?.includes(':')) {
    throw invalid("takes no queueName with ':': BullMQ refuses it.");
  }
  requireWholeNumber('attempts', attempts, 1);
  requireWholeNumber('timeoutMs', timeoutMs, 1);
  requireWholeNumber('backoff.delayMs', backoff.delayMs, 0);
  if (keepFailedSeconds !== undefined) {
    requireWholeNumber('keepFailedSeconds', keepFailedSeconds, 1);
  }
  return { attempts, backoff, timeoutMs, keepFailedSeconds, worker };
}

function requireWholeNumber(option: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > MAX_TIMER_MS) {
    throw invalid(`needs ${option} to be a whole number from ${min} to ${MAX_TIMER_MS}, received ${value}.`);
  }
}

function invalid(problem: string): ScalekitWebhookError<'invalid_options'> {
  return new ScalekitWebhookError('invalid_options', `bullMqDispatcher() ${problem}`);
}
