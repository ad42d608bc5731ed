import {
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type {
  DispatcherFactory,
  DispatcherHost,
  DispatchOutcome,
  EventDispatcher,
} from '../../dispatch/event-dispatcher.js';
import type { FailedEvents } from '../../dispatch/failed-events.js';
import { DeadLetters } from '../../dispatch/queues/dead-letters.js';
import { errorMessage } from '../../dispatch/queues/error-message.js';
import { settlesWithin } from '../../dispatch/queues/settles-within.js';
import type { Claim } from '../../idempotency/claim.js';
import { RateLimitedLog } from '../../shared/rate-limited-log.js';
import type { VerifiedDelivery } from '../../signature/verified-delivery.js';
import { BossConnection } from './boss-connection.js';
import { PgBossFailedJobs } from './failed-jobs.js';
import { JobQueue } from './job-queue.js';
import { JobWorker } from './job-worker.js';
import {
  type PgBossDispatcherOptions,
  type QueueSettings,
  resolveSettings,
} from './pg-boss-dispatcher.options.js';

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
  return (host) => new PgBossDispatcher(host, options, settings);
}

class PgBossDispatcher
  implements EventDispatcher, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly name = 'pg-boss';
  readonly failures: FailedEvents;
  private readonly log: RateLimitedLog;
  private readonly connection: BossConnection;
  private readonly queue: JobQueue;
  private worker: JobWorker | undefined;

  constructor(
    private readonly host: DispatcherHost,
    options: PgBossDispatcherOptions,
    private readonly settings: QueueSettings,
  ) {
    const { endpoint, jobs } = host;
    const name = options.queueName ?? queueNameOf(endpoint);
    this.log = new RateLimitedLog(new Logger('ScalekitWebhook'), endpoint);
    this.connection = new BossConnection(name, options, settings, this.onError);
    this.queue = new JobQueue(this.connection, settings);
    this.failures = new DeadLetters(new PgBossFailedJobs(endpoint, this.connection, this.queue), jobs);
  }

  async dispatch(delivery: VerifiedDelivery, claim: Claim): Promise<DispatchOutcome> {
    const jobs = this.host.jobs.jobsOf(delivery, claim);
    if (jobs.length === 0) {
      return { status: 'handled' };
    }
    try {
      await this.queue.add(jobs);
      return { status: 'accepted' };
    } catch (error) {
      this.log.warn(
        'queue_unavailable',
        `${errorMessage(error)} Deliveries are answered 503 until it is back.`,
      );
      return { status: 'failed', errors: [error] };
    }
  }

  /** Gives pg-boss time to start, so that the first delivery finds it ready; a server that is away is waited for later. */
  async onApplicationBootstrap(): Promise<void> {
    const { host, connection, queue, settings, log, onError } = this;
    const { endpoint, role, jobs } = host;
    await settlesWithin(connection.open(), settings.timeoutMs);
    if (role !== 'receive') {
      this.worker = new JobWorker({ endpoint, jobs, queue, connection, settings, log, onError });
    }
  }

  /** Beside the ledger's own draining: deliveries may still come in. */
  async onModuleDestroy(): Promise<void> {
    await this.worker?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
    this.log.close();
  }

  private readonly onError = (error: unknown): void => {
    this.log.warn('queue_error', errorMessage(error));
  };
}

function queueNameOf(endpoint: string): string {
  return endpoint === 'default' ? 'scalekit-webhooks' : `scalekit-webhooks-${endpoint}`;
}
