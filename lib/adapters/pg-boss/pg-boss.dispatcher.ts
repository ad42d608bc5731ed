import type { DispatcherFactory } from '../../dispatch/event-dispatcher.js';
import { QueueDispatcher } from '../../dispatch/queues/queue.dispatcher.js';
import { type PgBossDispatcherOptions, resolveSettings } from './pg-boss-dispatcher.options.js';
import { PgBossEngine } from './pg-boss.engine.js';

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
  return (host) =>
    new QueueDispatcher(
      host,
      options.queueName,
      settings,
      (engineHost) => new PgBossEngine(engineHost, options, settings),
    );
}
