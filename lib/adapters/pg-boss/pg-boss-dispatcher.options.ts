import type { PgBoss } from 'pg-boss';
import {
  type QueueDispatcherSettings,
  type QueueSettings,
  SettingsCheck,
} from '../../dispatch/queues/queue-settings.js';

/** What pg-boss takes for an identifier, quoted or bare. */
const SCHEMA = /^(?:[A-Za-z_]\w*|"[^"'%$.\\\p{Cc}]+")$/u;
const QUEUE_NAME = /^[\w./-]+$/;

/** @publicApi */
export interface PgBossWorkerOptions {
  /**
   * How many handlers a process runs side by side.
   *
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * How often a worker looks for jobs that other processes have queued, in seconds. Those of its own process, and what
   * is left when all its places were taken, it looks for at once.
   *
   * @default 0.5
   */
  readonly pollingIntervalSeconds?: number;
  /**
   * How long after the last sign of life a job is taken from a process that has died, in seconds. Workers give a sign
   * three times as often.
   *
   * @default 30
   */
  readonly heartbeatSeconds?: number;
}

/** @publicApi */
export interface PgBossDispatcherSettings extends QueueDispatcherSettings {
  /**
   * The queue's name. Its dead letters are in the queue of that name and `-failed`.
   *
   * @default 'scalekit-webhooks', then '-' and the namespace if there is one, then '-' and the endpoint's name for one
   * that is not 'default'
   */
  readonly queueName?: string;
  /**
   * The schema of pg-boss's tables. With a `boss` of yours, the one that it was given.
   *
   * @default 'pgboss'
   */
  readonly schema?: string;
  readonly worker?: PgBossWorkerOptions;
}

/** @publicApi */
export interface PgBossConnectionOptions {
  /** Where PostgreSQL is. A pg-boss of its own is started there, which makes its tables, and stopped at the end. */
  readonly connectionString: string;
  readonly boss?: never;
}

/** @publicApi */
export interface PgBossInstanceOptions {
  /** A pg-boss of yours, started. It is not stopped. */
  readonly boss: PgBoss;
  readonly connectionString?: never;
}

/** @publicApi */
export type PgBossDispatcherOptions = PgBossDispatcherSettings &
  (PgBossConnectionOptions | PgBossInstanceOptions);

/** Every default applied. */
export interface PgBossSettings extends QueueSettings {
  readonly schema: string;
  readonly worker: Required<PgBossWorkerOptions>;
}

/** @throws ScalekitWebhookError (`invalid_options`) */
export function resolveSettings(options: PgBossDispatcherOptions): PgBossSettings {
  const check = new SettingsCheck('pgBossDispatcher');
  const { connectionString, boss, schema = 'pgboss', queueName } = options;
  const worker = { concurrency: 10, pollingIntervalSeconds: 0.5, heartbeatSeconds: 30, ...options.worker };
  check.require(
    (connectionString === undefined) !== (boss === undefined),
    'give it either a connectionString or a boss.',
  );
  check.require(SCHEMA.test(schema), "schema must be a name of letters, digits and '_', or a quoted one.");
  check.require(
    queueName === undefined || QUEUE_NAME.test(queueName),
    "queueName must be letters, digits, '_', '-', '.' or '/'.",
  );
  check.wholeNumber('worker.concurrency', worker.concurrency);
  check.seconds('worker.pollingIntervalSeconds', worker.pollingIntervalSeconds);
  check.seconds('worker.heartbeatSeconds', worker.heartbeatSeconds);
  return { ...check.resolve(options), schema, worker };
}
