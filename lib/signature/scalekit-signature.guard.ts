import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Answer, type AnswerableResponse, exceptionFor } from '../answers/answers.js';
import { NeedsRawBody } from '../raw-body/raw-body-route.js';
import type { RequestWithBody } from '../raw-body/request-raw-body.js';
import { DeliveryAuthenticator } from './delivery-authenticator.js';
import type { VerifiedDelivery } from './verified-delivery.js';

/**
 * Lets only authentic events pass, and puts the parsed event in `request.body`. The module's own controller uses it.
 * For a controller of your own, add `@UseGuards(ScalekitSignatureGuard)` in a module that imports one
 * `ScalekitWebhookModule`.
 *
 * @publicApi
 */
@Injectable()
@NeedsRawBody()
export class ScalekitSignatureGuard implements CanActivate {
  constructor(private readonly authenticator: DeliveryAuthenticator) {}

  /** Rejects with an `HttpException` instead of throwing one: see `createWebhookCheck`. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const pass = (outcome: VerifiedDelivery | Answer) =>
      'status' in outcome
        ? Promise.reject(exceptionFor(outcome, http.getResponse<AnswerableResponse>()))
        : true;
    const outcome = this.authenticator.admit(http.getRequest<RequestWithBody>());
    return outcome instanceof Promise ? outcome.then(pass) : pass(outcome);
  }
}
