import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import { EventJobs } from '../dispatch/event-jobs.js';
import { HandlerRunner } from '../dispatch/handler-runner.js';
import type { HandlerRegistry } from '../handlers/handler.registry.js';
import type { Ledger } from '../idempotency/ledger.js';
import type { ScalekitWebhookOptions } from '../scalekit-webhook.options.js';
import type { Lifecycle } from '../telemetry/lifecycle.js';
import type { Registration } from './scalekit-webhook.controller.js';

/** Gives the chosen dispatcher what it needs of its endpoint. */
export function createDispatcher(
  { name: endpoint, role }: Registration,
  { dispatcher, handlerTimeoutMs, idempotency, namespace }: ScalekitWebhookOptions,
  ledger: Ledger,
  registry: HandlerRegistry,
  lifecycle: Lifecycle,
): EventDispatcher {
  const handlers = new HandlerRunner(ledger, idempotency.store, handlerTimeoutMs, lifecycle, (type) =>
    registry.handlersFor(endpoint, type),
  );
  let jobs: EventJobs | undefined;
  return dispatcher({
    endpoint,
    namespace,
    role,
    store: idempotency.store,
    handlers,
    failures: ledger.failures,
    get jobs() {
      jobs ??= new EventJobs({ endpoint, namespace, role, ledger, handlers });
      return jobs;
    },
  });
}
