import { Logger } from '@nestjs/common';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import { DeliveryAbortedError } from '../idempotency/delivery-aborted.error.js';
import { describeError } from '../logging/describe-error.js';
import { escapeControlCharacters } from '../logging/escape-control-characters.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { createEventContext } from './event-context.js';
import type {
  DispatcherFactory,
  DispatcherHost,
  DispatchOutcome,
  EventDispatcher,
} from './event-dispatcher.js';

/**
 * Runs the handlers of an event side by side, before the delivery is answered: the sender's own retries are the
 * queue. A retry runs only the handlers that have not finished.
 *
 * @publicApi
 */
export function inlineDispatcher(): DispatcherFactory {
  return (host) => new InlineDispatcher(host);
}

class InlineDispatcher implements EventDispatcher {
  readonly name = 'inline';
  private readonly logger = new Logger('ScalekitWebhook');

  constructor(private readonly host: DispatcherHost) {}

  async dispatch(delivery: VerifiedDelivery, claim: Claim): Promise<DispatchOutcome> {
    const handlers = this.host
      .handlersFor(delivery.event.type)
      .filter(({ name }) => !claim.handlersDone.has(name));
    if (handlers.length === 0) {
      return { status: 'handled' };
    }
    const timer = setTimeout(() => {
      claim.abort(new DeliveryAbortedError('handler_timeout'));
    }, this.host.handlerTimeoutMs);
    try {
      const errors = await this.runAll(handlers, delivery, claim);
      return errors.length === 0 ? { status: 'handled' } : { status: 'failed', errors };
    } finally {
      clearTimeout(timer);
    }
  }

  private async runAll(
    handlers: readonly EventHandler[],
    delivery: VerifiedDelivery,
    claim: Claim,
  ): Promise<readonly unknown[]> {
    const context = createEventContext(delivery, claim);
    const aborted = new Promise<never>((_, reject) => {
      claim.onAbort(reject);
    });
    const errors: unknown[] = [];
    let running = handlers.length;

    const run = async (handler: EventHandler) => {
      const error = await Promise.race([handler.invoke(delivery.event, context), aborted]).then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      );
      running--;
      if (error) {
        this.logFailure(handler, error.reason, delivery, claim);
        if (!hasErrorCode(error.reason, 'unrecoverable_event')) {
          errors.push(error.reason);
          return;
        }
      }
      // The completion of the whole event says it for the last one, unless another handler has failed.
      if (running > 0 || errors.length > 0) {
        await this.record(handler, delivery, claim);
      }
    };
    await Promise.all(handlers.map(run));
    return errors;
  }

  private async record({ name }: EventHandler, { event }: VerifiedDelivery, claim: Claim): Promise<void> {
    try {
      if (!(await claim.handlerDone(name))) {
        claim.abort(new DeliveryAbortedError('lease_lost'));
      }
    } catch {
      this.logger.warn(
        `${name} finished ${describeEvent(event)}, but the store could not record it: a retry may run it again.`,
      );
    }
  }

  private logFailure(
    { name }: EventHandler,
    error: unknown,
    { event }: VerifiedDelivery,
    claim: Claim,
  ): void {
    const unrecoverable = hasErrorCode(error, 'unrecoverable_event');
    const verdict = unrecoverable ? 'gave up on' : 'failed on';
    const text = `${name} ${verdict} ${describeEvent(event)}, attempt ${claim.attempt}: ${describeError(error, event.data)}`;
    if (hasErrorCode(error, 'retry_later')) {
      this.logger.warn(text);
    } else {
      this.logger.error(text);
    }
  }
}

function describeEvent({ id, type }: VerifiedDelivery['event']): string {
  return escapeControlCharacters(`event ${id} (${type})`);
}
