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
import { describeError } from '../logging/describe-error.js';
import { RateLimitedLog } from '../logging/rate-limited-log.js';
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
  private readonly logger = new Logger('ScalekitWebhook');

  constructor(
    private readonly ledger: Ledger,
    private readonly options: ScalekitWebhookOptions,
    private readonly log: RateLimitedLog,
  ) {}

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
  private async answerInTime(work: Promise<unknown>, response: AnswerableResponse): Promise<unknown> {
    const { answerWithinMs } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = 'The event is still being processed';
        reject(tryAgain(response, HttpStatus.SERVICE_UNAVAILABLE, answerWithinMs / 1_000, message));
      }, answerWithinMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private logIfStoreFailed(error: unknown): void {
    if (error instanceof StoreUnavailableError) {
      const cause = error.cause instanceof Error ? ` ${error.cause.message}` : '';
      this.log.warn(error.code, `${error.message}${cause} Deliveries are answered 503 until it is back.`);
    }
  }
}
