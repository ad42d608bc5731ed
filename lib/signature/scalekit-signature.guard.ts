import { type CanActivate, type ExecutionContext, HttpStatus, Injectable } from '@nestjs/common';
import { type AnswerableResponse, httpError, tryAgain } from '../answers/answers.js';
import { EnvelopeError } from '../events/envelope.error.js';
import { RateLimitedLog } from '../shared/rate-limited-log.js';
import { NeedsRawBody } from '../raw-body/raw-body-route.js';
import { RawBodyError } from '../raw-body/raw-body.error.js';
import { releaseRawBody, type RequestWithBody, takeRawBody } from '../raw-body/request-raw-body.js';
import { unreadableBody } from '../raw-body/unreadable-body.answer.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { ScalekitWebhookOptions } from '../scalekit-webhook.options.js';
import { withoutStack } from '../shared/without-stack.js';
import { type Authentication, DeliveryAuthenticator } from './delivery-authenticator.js';
import { SecretUnavailableError } from './secret-unavailable.error.js';
import { attachDelivery, type VerifiedDelivery } from './verified-delivery.js';
import { WebhookVerificationError } from './webhook-verification.error.js';

const SECRET_RETRY_SECONDS = 10;

/**
 * Lets only authentic events pass, and leaves the parsed event in `request.body`. It stands before the module's own
 * controller; a controller of your own takes it with `@UseGuards(ScalekitSignatureGuard)`, in a module that imports
 * one `ScalekitWebhookModule`.
 *
 * @publicApi
 */
@Injectable()
@NeedsRawBody()
export class ScalekitSignatureGuard implements CanActivate {
  constructor(
    private readonly authenticator: DeliveryAuthenticator,
    private readonly options: ScalekitWebhookOptions,
    private readonly log: RateLimitedLog,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const admitted = this.admit(http.getRequest<RequestWithBody>(), http.getResponse<AnswerableResponse>());
    return admitted instanceof Promise ? admitted.then(() => true) : true;
  }

  /**
   * Rejects and does not throw: `createWebhookCheck()` says why.
   *
   * @internal
   */
  admit(
    request: RequestWithBody,
    response: AnswerableResponse,
  ): VerifiedDelivery | Promise<VerifiedDelivery> {
    const refuse = (error: unknown) => {
      releaseRawBody(request);
      return Promise.reject(this.answer(error, response));
    };
    const accept = (outcome: Authentication) => {
      if (outcome instanceof WebhookVerificationError) {
        return refuse(outcome);
      }
      releaseRawBody(request);
      attachDelivery(request, outcome);
      request.body = outcome.event;
      return outcome;
    };
    try {
      const rawBody = takeRawBody(request, this.options.maxBodyBytes);
      const outcome = this.authenticator.authenticate(rawBody, request.headers);
      return outcome instanceof Promise ? outcome.then(accept, refuse) : accept(outcome);
    } catch (error) {
      return refuse(error);
    }
  }

  /** The reason of a 401 is logged, never answered: it would tell a forger what to mend. */
  private answer(error: unknown, response: AnswerableResponse): Error {
    if (!(error instanceof ScalekitWebhookError)) {
      return error as Error;
    }
    const { code, message } = error as ScalekitWebhookError;
    this.log.warn(code, message);
    if (error instanceof RawBodyError) {
      return unreadableBody(error, response);
    }
    if (error instanceof SecretUnavailableError) {
      return tryAgain(response, HttpStatus.SERVICE_UNAVAILABLE, SECRET_RETRY_SECONDS, 'Service Unavailable');
    }
    return error instanceof EnvelopeError || code === 'wrong_environment'
      ? httpError(HttpStatus.BAD_REQUEST, message)
      : withoutStack(() => httpError(HttpStatus.UNAUTHORIZED, 'Invalid signature'));
  }
}
