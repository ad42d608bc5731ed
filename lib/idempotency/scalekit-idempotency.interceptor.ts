import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { type AnswerableResponse, give } from '../answers/answers.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { deliveryOf } from '../signature/verified-delivery.js';
import { OncePerEvent } from './once-per-event.js';

/**
 * Lets an event pass once: while it is worked on, the sender is asked to come again, and once it is done, it is
 * answered without calling your method. For controllers of your own: `@UseInterceptors(ScalekitIdempotencyInterceptor)`
 * beside the guard. The event is done when your method returns, and free again when it throws. The module's own route
 * takes the same step without this interceptor.
 *
 * @publicApi
 */
@Injectable()
export class ScalekitIdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly once: OncePerEvent) {}

  /** @throws ScalekitWebhookError (`no_verified_delivery`) on a route without `ScalekitSignatureGuard` */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<object>();
    const delivery = deliveryOf(request);
    if (!delivery) {
      throw new ScalekitWebhookError(
        'no_verified_delivery',
        `${context.getClass().name} uses ScalekitIdempotencyInterceptor without ScalekitSignatureGuard: ` +
          'nothing unverified is ever processed. Add @UseGuards(ScalekitSignatureGuard).',
      );
    }
    let handled: { readonly result: unknown } | undefined;
    const answer = await this.once.process(request, delivery, async () => {
      handled = {
        result: await lastValueFrom<unknown, undefined>(next.handle(), { defaultValue: undefined }),
      };
      return { status: 'handled' };
    });
    return of(
      handled && answer.status === 200
        ? handled.result
        : give(answer, http.getResponse<AnswerableResponse>()),
    );
  }
}
