import { HttpStatus } from '@nestjs/common';
import { type AnswerableResponse, HANDLED, httpError } from '../answers/answers.js';
import { answerFailure } from '../answers/failure.answer.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import type { Claim } from '../idempotency/claim.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

/** Has a claimed event worked on, and says how to answer it. */
export async function dispatchEvent(
  dispatcher: EventDispatcher,
  delivery: VerifiedDelivery,
  claim: Claim,
  response: AnswerableResponse,
): Promise<string> {
  const outcome = await dispatcher.dispatch(delivery, claim);
  if (outcome.status !== 'failed') {
    claim.completesAs = outcome.status === 'accepted' ? 'accepted' : 'done';
    return HANDLED;
  }
  throw (
    answerFailure(outcome.errors, response) ??
    httpError(HttpStatus.INTERNAL_SERVER_ERROR, 'Internal Server Error', outcome.errors[0])
  );
}
