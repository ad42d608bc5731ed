import type { DispatcherFactory } from '../../dispatch/event-dispatcher.js';
import { QueueDispatcher } from '../../dispatch/queues/queue.dispatcher.js';
import { type BullMqDispatcherOptions, resolveSettings } from './bullmq-dispatcher.options.js';
import { BullMqEngine } from './bullmq.engine.js';

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
