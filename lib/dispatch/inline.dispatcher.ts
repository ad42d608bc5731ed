import { Logger } from '@nestjs/common';
import type { DispatchOutcome } from '../answers/answers.js';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import { DeliveryAbortedError } from '../idempotency/idempotency.errors.js';
import type { FailureLedger } from '../idempotency/failure.ledger.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import type { Awaitable } from '../shared/awaitable.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { checkSetup } from './endpoint-role.js';
import type { DispatcherFactory, EventDispatcher, FailedEvents } from './event-dispatcher.js';
import type { HandlerRunner, ClaimedDelivery } from './handler-runner.js';
import { KeptEvents, keepFailure } from './kept-events.js';
import { describeEvent, logFailure } from './log-failure.js';

const HANDLED: DispatchOutcome = { status: 'handled' };

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

  dispatch(delivery: VerifiedDelivery, claim: Claim): Awaitable<DispatchOutcome> {
    const handlers = this.unfinished(delivery, claim);
    return handlers.length === 0 ? HANDLED : this.runAll(handlers, this.runner.begin(delivery, claim));
  }

  private unfinished({ event }: VerifiedDelivery, { handlersDone }: Claim): readonly EventHandler[] {
    const handlers = this.runner.handlersFor(event.type);
    return handlersDone.size === 0 ? handlers : handlers.filter(({ name }) => !handlersDone.has(name));
  }

  private runAll(handlers: readonly EventHandler[], claimed: ClaimedDelivery): Promise<DispatchOutcome> {
    let running = handlers.length;
    let hasFailed = false;

    const finish = (handler: EventHandler, recorded: boolean): Awaitable<DispatchOutcome> => {
      running--;
      // The last handler needs no record: the event is completed next, unless another handler has failed.
      return recorded || (running === 0 && !hasFailed) ? HANDLED : this.record(handler, claimed);
    };
    const fail = async (handler: EventHandler, error: unknown): Promise<DispatchOutcome> => {
      const errors = await this.giveUpOrRetry(handler, claimed, error);
      if (!errors) {
        return finish(handler, false);
      }
      running--;
      hasFailed = true;
      return { status: 'failed', errors };
    };
    const run = (handler: EventHandler) =>
      this.runner
        .run(handler, claimed, (records) => claimed.claim.handlerDoneWithin(records, handler.name))
        .then(
          (recorded) => finish(handler, recorded),
          (error: unknown) => fail(handler, error),
        );
    const [first, ...others] = handlers;
    return first && others.length === 0 ? run(first) : Promise.all(handlers.map(run)).then(combine);
  }

  /** Logs what a handler threw. Returns why the sender has to retry, or undefined if the handler gave up on the event. */
  private async giveUpOrRetry(
    { name }: EventHandler,
    claimed: ClaimedDelivery,
    error: unknown,
  ): Promise<readonly unknown[] | undefined> {
    const { delivery, claim } = claimed;
    const { note, retryFor } = hasErrorCode(error, 'unrecoverable_event')
      ? await keepFailure(this.kept, name, claimed, error)
      : { note: '', retryFor: [error] };
    logFailure(this.logger, { handler: name, error, delivery, attempt: `${claim.attempt}${note}` });
    return retryFor;
  }

  private async record(
    { name }: EventHandler,
    { delivery, claim }: ClaimedDelivery,
  ): Promise<DispatchOutcome> {
    try {
      if (!(await claim.handlerDone(name))) {
        claim.abort(new DeliveryAbortedError('lease_lost'));
      }
    } catch {
      this.logger.warn(
        `${name} finished ${describeEvent(delivery.event)}, but the store can't record it now. If this process ends ` +
          'before it can, a retry runs the handler again.',
      );
    }
    return HANDLED;
  }
}

function combine(outcomes: readonly DispatchOutcome[]): DispatchOutcome {
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? outcome.errors : []));
  return errors.length === 0 ? HANDLED : { status: 'failed', errors };
}
