import { Logger } from '@nestjs/common';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import { DeliveryAbortedError } from '../idempotency/delivery-aborted.error.js';
import type { FailureLedger } from '../idempotency/failure.ledger.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { checkSetup } from './endpoint-role.js';
import type { DispatcherFactory, DispatchOutcome, EventDispatcher } from './event-dispatcher.js';
import type { FailedEvents } from './failed-events.js';
import type { HandlerRunner, Session } from './handler-runner.js';
import { KeptEvents, keepFailure } from './kept-events.js';
import { describeEvent, logFailure } from './log-failure.js';

/**
 * Runs the handlers of an event side by side, before the delivery is answered: the sender's own retries are the
 * queue. A retry runs only the handlers that have not finished.
 *
 * @publicApi
 */
export function inlineDispatcher(): DispatcherFactory {
  return (host) => {
    checkSetup('inline', host);
    return new InlineDispatcher(host.handlers, host.failures);
  };
}

class InlineDispatcher implements EventDispatcher {
  readonly name = 'inline';
  private readonly logger = new Logger('ScalekitWebhook');

  readonly failures: FailedEvents | undefined;

  constructor(
    private readonly runner: HandlerRunner,
    private readonly kept: FailureLedger | undefined,
  ) {
    this.failures = kept && new KeptEvents(kept, runner);
  }

  async dispatch(delivery: VerifiedDelivery, claim: Claim): Promise<DispatchOutcome> {
    const handlers = this.unfinished(delivery, claim);
    if (handlers.length === 0) {
      return { status: 'handled' };
    }
    const errors = await this.runner.within(delivery, claim, (session) => this.runAll(handlers, session));
    return errors.length === 0 ? { status: 'handled' } : { status: 'failed', errors };
  }

  private unfinished({ event }: VerifiedDelivery, { handlersDone }: Claim): readonly EventHandler[] {
    const handlers = this.runner.handlersFor(event.type);
    return handlersDone.size === 0 ? handlers : handlers.filter(({ name }) => !handlersDone.has(name));
  }

  private async runAll(handlers: readonly EventHandler[], session: Session): Promise<readonly unknown[]> {
    const { delivery, claim } = session;
    const errors: unknown[] = [];
    let running = handlers.length;

    const run = async (handler: EventHandler) => {
      let recorded = false;
      try {
        recorded = await this.runner.run(handler, session, (records) =>
          claim.handlerDoneWithin(records, handler.name),
        );
      } catch (error) {
        const isGivenUp = hasErrorCode(error, 'unrecoverable_event');
        const { note, retryFor } = isGivenUp
          ? await keepFailure(this.kept, handler.name, session, error)
          : { note: '', retryFor: [error] };
        logFailure(this.logger, {
          handler: handler.name,
          error,
          delivery,
          attempt: `${claim.attempt}${note}`,
        });
        if (retryFor) {
          running--;
          errors.push(...retryFor);
          return;
        }
      }
      running--;
      // The completion of the whole event says it for the last one, unless another handler has failed.
      if (!recorded && (running > 0 || errors.length > 0)) {
        await this.record(handler, delivery, claim);
      }
    };
    const [only] = handlers;
    await (only && handlers.length === 1 ? run(only) : Promise.all(handlers.map(run)));
    return errors;
  }

  private async record({ name }: EventHandler, { event }: VerifiedDelivery, claim: Claim): Promise<void> {
    try {
      if (!(await claim.handlerDone(name))) {
        claim.abort(new DeliveryAbortedError('lease_lost'));
      }
    } catch {
      this.logger.warn(
        `${name} finished ${describeEvent(event)}, but the store can't record it now. If this process ends before ` +
          'it can, a retry runs the handler again.',
      );
    }
  }
}
