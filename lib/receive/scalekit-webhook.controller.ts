import {
  applyDecorators,
  Controller,
  HttpCode,
  HttpStatus,
  Inject,
  Post,
  Req,
  Res,
  type Type,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { AnswerableResponse } from '../answers/answers.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import { claimOf } from '../idempotency/request-claim.js';
import {
  requireDelivery,
  ScalekitIdempotencyInterceptor,
} from '../idempotency/scalekit-idempotency.interceptor.js';
import { BelongsToEndpoint } from '../raw-body/raw-body-route.js';
import { EVENT_DISPATCHER } from '../scalekit-webhook.tokens.js';
import { ScalekitSignatureGuard } from '../signature/scalekit-signature.guard.js';
import { dispatchEvent } from './dispatch-event.js';

/** Hands a claimed event to the dispatcher and maps the outcome to an answer. */
export abstract class ScalekitWebhookController {
  private interceptor: ScalekitIdempotencyInterceptor | undefined;

  constructor(@Inject(EVENT_DISPATCHER) private readonly dispatcher: EventDispatcher) {}

  /** Nest does not call the interceptor then: see `InnermostInterceptor`. */
  claimWith(interceptor: ScalekitIdempotencyInterceptor): void {
    this.interceptor = interceptor;
  }

  protected answer(request: object, response: AnswerableResponse): Promise<unknown> {
    const delivery = requireDelivery(request, ScalekitWebhookController);
    if (this.interceptor) {
      return this.interceptor.once(delivery, response, (claim) =>
        dispatchEvent(this.dispatcher, delivery, claim, response),
      );
    }
    const claim = claimOf(request);
    if (!claim) {
      throw new TypeError('The interceptor of the webhook route did not run.');
    }
    return dispatchEvent(this.dispatcher, delivery, claim, response);
  }
}

/**
 * A controller class for one registration, so that two of them never share a route. Its path is set by
 * `mountController`, because it may come out of an async factory.
 */
export function createWebhookController(
  endpoint: string,
  decorators: readonly ClassDecorator[],
): Type<ScalekitWebhookController> {
  @applyDecorators(...decorators)
  @BelongsToEndpoint(endpoint)
  @UseGuards(ScalekitSignatureGuard)
  @UseInterceptors(ScalekitIdempotencyInterceptor)
  class EndpointController extends ScalekitWebhookController {
    @Post()
    @HttpCode(HttpStatus.OK)
    receive(
      @Req() request: object,
      @Res({ passthrough: true }) response: AnswerableResponse,
    ): Promise<unknown> {
      return this.answer(request, response);
    }
  }
  Object.defineProperty(EndpointController, 'name', { value: ScalekitWebhookController.name });
  return EndpointController;
}

/** Nest reads a controller's path when it registers the routes, after all providers are built. */
export function mountController(controller: Type<ScalekitWebhookController>, path: string): void {
  Controller({ path, version: VERSION_NEUTRAL })(controller);
}
