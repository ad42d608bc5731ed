import type { PgBoss } from 'pg-boss';
import type { HandlerBackoff } from '../../handlers/event-handler.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';

const MAX_TIMER_MS = 2_147_483_647;
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
export interface PgBossDispatcherSettings {
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
   * How long PostgreSQL may take to commit an event's jobs, in milliseconds. After that the delivery is answered 503.
   *
   * @default 2_000
   */
  readonly timeoutMs?: number;
  /**
   * How long a dead letter is kept, in seconds. It holds the event's payload.
   *
   * @default undefined: until it is replayed or discarded
   */
  readonly keepFailedSeconds?: number;
  /**
   * The queue's name. Its dead letters are in the queue of that name and `-failed`.
   *
   * @default 'scalekit-webhooks', followed by '-' and the endpoint's name for one that is not 'default'
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
export interface QueueSettings {
  readonly attempts: number;
  readonly backoff: HandlerBackoff;
  readonly timeoutMs: number;
  readonly keepFailedSeconds: number | undefined;
  readonly schema: string;
  readonly worker: Required<PgBossWorkerOptions>;
}

/** @throws ScalekitWebhookError (`invalid_options`) */
export function resolveSettings(options: PgBossDispatcherOptions): QueueSettings {
  const { attempts = 8, backoff = { type: 'exponential', delayMs: 1_000 }, timeoutMs = 2_000 } = options;
  const { keepFailedSeconds, schema = 'pgboss', queueName } = options;
  const worker = { concurrency: 10, pollingIntervalSeconds: 0.5, heartbeatSeconds: 30, ...options.worker };
  if ((options.connectionString === undefined) === (options.boss === undefined)) {
    throw invalid('needs a connectionString or a boss, and not both.');
  }
  if (!SCHEMA.test(schema)) {
    throw invalid('needs schema to be a name of letters, digits and "_", or a quoted one.');
  }
  if (queueName !== undefined && !QUEUE_NAME.test(queueName)) {
    throw invalid("needs queueName to be letters, digits, '_', '-', '.' or '/'.");
  }
  requireWholeNumber('attempts', attempts, 1);
  requireWholeNumber('timeoutMs', timeoutMs, 1);
  requireWholeNumber('backoff.delayMs', backoff.delayMs, 0);
  requireWholeNumber('worker.concurrency', worker.concurrency, 1);
  requireSeconds('worker.pollingIntervalSeconds', worker.pollingIntervalSeconds);
  requireSeconds('worker.heartbeatSeconds', worker.heartbeatSeconds);
  if (keepFailedSeconds !== undefined) {
    requireWholeNumber('keepFailedSeconds', keepFailedSeconds, 1);
  }
  return { attempts, backoff, timeoutMs, keepFailedSeconds, schema, worker };
}

function requireWholeNumber(option: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > MAX_TIMER_MS) {
    throw invalid(`needs ${option} to be a whole number from ${min} to ${MAX_TIMER_MS}, received ${value}.`);
  }
}

function requireSeconds(option: string, value: number): void {
  if (!(value > 0 && value * 1_000 <= MAX_TIMER_MS)) {
    throw invalid(`needs ${option} to be a number of seconds, received ${value}.`);
  }
}

function invalid(problem: string): ScalekitWebhookError<'invalid_options'> {
  return new ScalekitWebhookError('invalid_options', `pgBossDispatcher() ${problem}`);
}
