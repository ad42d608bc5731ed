import type { ConnectionOptions, Queue, WorkerOptions } from 'bullmq';
import {
  type QueueDispatcherSettings,
  type QueueSettings,
  SettingsCheck,
} from '../../dispatch/queues/queue-settings.js';

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
export interface BullMqDispatcherSettings extends QueueDispatcherSettings {
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
   * @default 'scalekit-webhooks', then '-' and the namespace if there is one, then '-' and the endpoint's name for one
   * that is not 'default'
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
export interface BullMqSettings extends QueueSettings {
  readonly worker: BullMqWorkerOptions;
}

/** @throws ScalekitWebhookError (`invalid_options`) */
export function resolveSettings(options: BullMqDispatcherOptions): BullMqSettings {
  const check = new SettingsCheck('bullMqDispatcher');
  const { connection, queue, queueName, worker = {} } = options;
  check.require(
    (connection === undefined) !== (queue === undefined),
    'give it either a connection or a queue.',
  );
  check.require(!queueName?.includes(':'), "queueName must have no ':', because BullMQ refuses it.");
  return { ...check.resolve(options), worker };
}

/** A connection for receivers. A command fails at once while Redis is away, so that the delivery is answered. */
export function failFast(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection) ? connection : { enableOfflineQueue: false, ...connection };
}

/**
 * A connection for workers, which wait until Redis is back.
 *
 * @see https://docs.bullmq.io/guide/going-to-production
 */
export function keepTrying(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection)
    ? connection
    : { ...connection, enableOfflineQueue: true, maxRetriesPerRequest: null };
}

/** True for a client that is connected, false for options that say how to connect. */
function isClient(connection: ConnectionOptions): boolean {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}
