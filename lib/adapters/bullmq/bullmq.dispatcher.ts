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
import type { Claim } from '../../idempotency/claim.js';
import { RateLimitedLog } from '../../shared/rate-limited-log.js';
import type { VerifiedDelivery } from '../../signature/verified-delivery.js';
import {
  type BullMqDispatcherOptions,
  type QueueSettings,
  resolveSettings,
} from './bullmq-dispatcher.options.js';
import { BullMqFailedJobs } from './failed-jobs.js';
import { JobQueue } from './job-queue.js';
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
  return (host) => new BullMqDispatcher(host, options, settings);
}

class BullMqDispatcher
  implements EventDispatcher, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly name = 'bullmq';
  readonly failures: FailedEvents;
  private readonly log: RateLimitedLog;
  private readonly queue: JobQueue;
  private worker: JobWorker | undefined;

  constructor(
    private readonly host: DispatcherHost,
    options: BullMqDispatcherOptions,
    private readonly settings: QueueSettings,
  ) {
    this.log = new RateLimitedLog(new Logger('ScalekitWebhook'), host.endpoint);
    this.queue = new JobQueue(host.endpoint, options, settings, this.onError);
    this.failures = new DeadLetters(new BullMqFailedJobs(host.endpoint, this.queue), host.jobs);
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
      const message = error instanceof Error ? error.message : String(error);
      this.log.warn('queue_unavailable', `${message} Deliveries are answered 503 until it is back.`);
      return { status: 'failed', errors: [error] };
    }
  }

  onApplicationBootstrap(): void {
    const { host, queue, settings, log, onError } = this;
    const { endpoint, role, jobs } = host;
    if (role !== 'receive') {
      this.worker = new JobWorker({ endpoint, jobs, queue, settings, log, onError });
    }
  }

  /** Beside the ledger's own draining: deliveries may still come in. */
  async onModuleDestroy(): Promise<void> {
    await this.worker?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
    this.log.close();
  }

  private readonly onError = ({ message }: Error): void => {
    this.log.warn('queue_error', message);
  };
}
