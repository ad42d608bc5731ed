import { Inject, Injectable, Optional } from '@nestjs/common';
import { type Answer, type AnswerableResponse, answerToFailure, give, OUTCOMES } from '../answers/answers.js';
import { ReceivedSamples } from '../catch-up/received-samples.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import type { Claim } from '../idempotency/claim.js';
import { OncePerEvent } from '../idempotency/once-per-event.js';
import type { RequestWithBody } from '../raw-body/request-raw-body.js';
import { EVENT_DISPATCHER } from '../scalekit-webhook.tokens.js';
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
   * Gives the text of a 200.
   *
   * @throws HttpException for every other answer
   */
  async receive(request: RequestWithBody, response: AnswerableResponse): Promise<string> {
    // On the module's route the guard has done this already, unless somebody has replaced the guard.
    const admitted = this.authenticator.admit(request);
    const delivery = admitted instanceof Promise ? await admitted : admitted;
    if ('status' in delivery) {
      return give(delivery, response);
    }
    this.samples?.note(delivery);
    return give(
      await this.once.process(request, delivery, (claim) => this.dispatch(delivery, claim)),
      response,
    );
  }

  /** The same for an event that was fetched: it is claimed and dispatched, however long its handlers take. */
  handle(delivery: VerifiedDelivery): Promise<Answer> {
    return this.once.finished(delivery, (claim) => this.dispatch(delivery, claim));
  }

  private async dispatch(delivery: VerifiedDelivery, claim: Claim): Promise<Answer> {
    const outcome = await this.dispatcher.dispatch(delivery, claim);
    if (outcome.status === 'failed') {
      return answerToFailure(outcome.errors) ?? { ...OUTCOMES.failed, cause: outcome.errors[0] };
    }
    claim.completesAs = outcome.status === 'accepted' ? 'accepted' : 'done';
    return OUTCOMES.handled;
  }
}
