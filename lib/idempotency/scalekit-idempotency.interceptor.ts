import {
  type CallHandler,
  type ExecutionContext,
  HttpStatus,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { lastValueFrom, type Observable, of } from 'rxjs';
import {
  ALREADY_ACCEPTED,
  ALREADY_PROCESSED,
  type AnswerableResponse,
  HANDLED,
  tryAgain,
} from '../answers/answers.js';
import { answerFailure } from '../answers/failure.answer.js';
import { Deadlines } from '../shared/deadlines.js';
import { describeError } from '../shared/describe-error.js';
import { RateLimitedLog } from '../shared/rate-limited-log.js';
import { hasErrorCode, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { ScalekitWebhookOptions } from '../scalekit-webhook.options.js';
import { deliveryOf, type VerifiedDelivery } from '../signature/verified-delivery.js';
import type { Claim } from './claim.js';
import { DeliveryAbortedError } from './delivery-aborted.error.js';
import type { CompletedAs } from './idempotency-store.js';
import { Ledger } from './ledger.js';
import { attachClaim } from './request-claim.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

/**
 * Lets an event pass once: while it is worked on the sender is asked to come again, and once it is done it is
 * answered without running anything. It stands before the module's own controller; one of your own takes it with
 * `@UseInterceptors(ScalekitIdempotencyInterceptor)` beside the guard: the event is done when your method returns,
 * and free again when it throws.
 *
 * @publicApi
 */
@Injectable()
export class ScalekitIdempotencyInterceptor implements NestInterceptor {
  /** What instruments enhancers (Sentry's SDK, say) wraps the method when the class is decorated: after this line. */
  private static readonly plainIntercept: unknown = Reflect.get(
    ScalekitIdempotencyInterceptor.prototype,
    'intercept',
  );
  private readonly logger = new Logger('ScalekitWebhook');
  private readonly deadlines: Deadlines;

  constructor(
    private readonly ledger: Ledger,
    private readonly options: ScalekitWebhookOptions,
    private readonly log: RateLimitedLog,
  ) {
    this.deadlines = new Deadlines(options.answerWithinMs);
  }

  /**
   * False for what has been overridden, extended, spied on or instrumented.
   *
   * @internal
   */
  static isPlain(interceptor: unknown): interceptor is ScalekitIdempotencyInterceptor {
    return (
      interceptor instanceof ScalekitIdempotencyInterceptor &&
      interceptor.constructor === ScalekitIdempotencyInterceptor &&
      Reflect.get(interceptor, 'intercept') === this.plainIntercept
    );
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<object>();
    const delivery = requireDelivery(request, context.getClass());
    const answer = await this.once(delivery, http.getResponse<AnswerableResponse>(), (claim) => {
      attachClaim(request, claim);
      return lastValueFrom<unknown, undefined>(next.handle(), { defaultValue: undefined });
    });
    return of(answer);
  }

  /** @internal */
  async once(
    delivery: VerifiedDelivery,
    response: AnswerableResponse,
    work: (claim: Claim) => Promise<unknown>,
  ): Promise<unknown> {
    try {
      const answer = await this.ledger.begin(delivery.event.id, delivery.rawBody);
      switch (answer.status) {
        case 'done':
        case 'accepted':
          return this.answerDuplicate(delivery, response, answer);
        case 'in_progress':
          throw tryAgain(
            response,
            HttpStatus.CONFLICT,
            answer.retryAfterMs / 1_000,
            'The event is being processed',
          );
        case 'acquired':
          return await this.answerInTime(this.settle(answer.claim, delivery, work), response);
      }
    } catch (error) {
      this.logIfStoreFailed(error);
      throw answerFailure([error], response) ?? error;
    }
  }

  private answerDuplicate(
    { event }: VerifiedDelivery,
    response: AnswerableResponse,
    { status, sameBody }: { readonly status: CompletedAs; readonly sameBody: boolean },
  ): string {
    if (!sameBody) {
      this.log.warn(
        'id_reused',
        `Event ${event.id} (${event.type}) is ${status} already, and came again with another body: ignored.`,
      );
    }
    response.status(HttpStatus.OK);
    return status === 'accepted' ? ALREADY_ACCEPTED : ALREADY_PROCESSED;
  }

  /** Done when the controller returns; free again, for the sender's retry, when it throws. */
  private async settle(
    claim: Claim,
    delivery: VerifiedDelivery,
    work: (claim: Claim) => Promise<unknown>,
  ): Promise<unknown> {
    let result: unknown;
    try {
      result = await work(claim);
    } catch (error) {
      if (!hasErrorCode(error, 'unrecoverable_event')) {
        await claim.release().catch(() => undefined); // The store is told as soon as it is back.
        throw error;
      }
      this.logger.error(
        `Gave up on event ${delivery.event.id} (${delivery.event.type}): ${describeError(error, delivery.event.data)}`,
      );
      result = HANDLED;
    }
    if (!(await claim.complete())) {
      throw new DeliveryAbortedError('lease_lost');
    }
    return result;
  }

  /** The sender hangs up after a while. Work that is slower runs on, and the retry finds its result. */
  private answerInTime(work: Promise<unknown>, response: AnswerableResponse): Promise<unknown> {
    return this.deadlines.race(work, () => {
      const seconds = this.options.answerWithinMs / 1_000;
      const message = 'The event is still being processed';
      return tryAgain(response, HttpStatus.SERVICE_UNAVAILABLE, seconds, message);
    });
  }

  private logIfStoreFailed(error: unknown): void {
    if (error instanceof StoreUnavailableError) {
      const cause = error.cause instanceof Error ? ` ${error.cause.message}` : '';
      this.log.warn(error.code, `${error.message}${cause} Deliveries are answered 503 until it is back.`);
    }
  }
}

/** @throws ScalekitWebhookError (`no_verified_delivery`) */
export function requireDelivery(request: object, controller: { readonly name: string }): VerifiedDelivery {
  const delivery = deliveryOf(request);
  if (!delivery) {
    throw new ScalekitWebhookError(
      'no_verified_delivery',
      `${controller.name} uses ScalekitIdempotencyInterceptor without ScalekitSignatureGuard: ` +
        'nothing unverified is ever processed. Add @UseGuards(ScalekitSignatureGuard).',
    );
  }
  return delivery;
}
