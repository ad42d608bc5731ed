import { Inject, Injectable, Optional } from '@nestjs/common';
import { type Answer, type AnswerableResponse, give } from '../answers/answers.js';
import { ReceivedSamples } from '../catch-up/received-samples.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import { OncePerEvent } from '../idempotency/once-per-event.js';
import type { RequestWithBody } from '../raw-body/request-raw-body.js';
import { EVENT_DISPATCHER } from '../scalekit-webhook.tokens.js';
import { andThen, type Awaitable } from '../shared/awaitable.js';
import { DeliveryAuthenticator } from '../signature/delivery-authenticator.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/** The way of a delivery: authenticate it, read its envelope, claim its event, dispatch the event, answer. */
@Injectable()
export class DeliveryReceiver {
  constructor(
    private readonly authenticator: DeliveryAuthenticator,
    private readonly once: OncePerEvent,
    @Inject(EVENT_DISPATCHER) private readonly dispatcher: EventDispatcher,
    @Optional() private readonly samples?: ReceivedSamples,
  ) {}

  /**
   * Returns the text of a 200.
   *
   * @throws HttpException, or rejects with it, for every other answer
   */
  receive(request: RequestWithBody, response: AnswerableResponse): Awaitable<string> {
    // On the module's route the guard has done this already, unless the application replaced the guard.
    const admitted = this.authenticator.admit(request);
    return andThen(admitted, (delivery) => {
      if ('status' in delivery) {
        return give(delivery, response);
      }
      this.samples?.note(delivery);
      const answer = this.once.process(
        request,
        delivery,
        (claim) => this.dispatcher.dispatch(delivery, claim),
        () => this.dispatcher.accept?.(delivery),
      );
      return andThen(answer, (final) => give(final, response));
    });
  }

  /** The same for an event that was fetched: it is claimed and dispatched, however long its handlers take. */
  async handle(delivery: VerifiedDelivery): Promise<Answer> {
    return this.once.processFetched(delivery, (claim) => this.dispatcher.dispatch(delivery, claim));
  }
}
