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
import type { HandlerRunner, ClaimedDelivery } from './handler-runner.js';
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
    const errors: unknown[] = [];
    await this.runner.within(delivery, claim, (claimed) => this.runAll(handlers, claimed, errors));
    return errors.length === 0 ? { status: 'handled' } : { status: 'failed', errors };
  }

  private unfinished({ event }: VerifiedDelivery, { handlersDone }: Claim): readonly EventHandler[] {
    const handlers = this.runner.handlersFor(event.type);
    return handlersDone.size === 0 ? handlers : handlers.filter(({ name }) => !handlersDone.has(name));
  }

  /** Adds to `errors` what keeps the event from being finished. */
  private runAll(
    handlers: readonly EventHandler[],
    claimed: ClaimedDelivery,
    errors: unknown[],
  ): Promise<unknown> {
    const { delivery, claim } = claimed;
    let running = handlers.length;

    const run = async (handler: EventHandler) => {
      let recorded = false;
      try {
        recorded = await this.runner.run(handler, claimed, (records) =>
          claim.handlerDoneWithin(records, handler.name),
        );
      } catch (error) {
        const isGivenUp = hasErrorCode(error, 'unrecoverable_event');
        const { note, retryFor } = isGivenUp
          ? await keepFailure(this.kept, handler.name, claimed, error)
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
    return only && handlers.length === 1 ? run(only) : Promise.all(handlers.map(run));
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
