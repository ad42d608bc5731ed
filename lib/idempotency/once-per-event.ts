import { Logger } from '@nestjs/common';
import { type Answer, answerToFailure, OUTCOMES } from '../answers/answers.js';
import { answerInTime } from '../answers/answer-in-time.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import { describeError } from '../shared/describe-error.js';
import type { RateLimitedLog } from '../shared/rate-limited-log.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { isPromiseLike } from './ask-store.js';
import type { Claim } from './claim.js';
import { DeliveryAbortedError } from './delivery-aborted.error.js';
import { OWN_CONTROLLER } from './failure.ledger.js';
import type { CompletedAs } from './idempotency-store.js';
import type { Ledger } from './ledger.js';

/** What is done with a claimed event. Its answer decides: after a 200 the event is done, otherwise it is free again. */
export type EventWork = (claim: Claim) => Promise<Answer>;

/** Claims an event in the ledger, so that its work is done once. The second step of a delivery's way. */
export class OncePerEvent {
  private readonly logger = new Logger('ScalekitWebhook');

  constructor(
    private readonly ledger: Ledger,
    private readonly answerWithinMs: number,
    private readonly log: RateLimitedLog,
  ) {}

  /**
   * Does `work` if nobody has done it and nobody is doing it.
   *
   * @throws what `work` throws, unless `FAILURES` has an answer to it
   */
  process(request: object, delivery: VerifiedDelivery, work: EventWork): Promise<Answer> {
    return answerInTime(request, this.answerWithinMs, this.finished(delivery, work), () => {
      return { ...OUTCOMES.late, retryAfterSeconds: this.answerWithinMs / 1_000 };
    });
  }

  /** The same, however long it takes: nobody waits for the answer. */
  async finished(delivery: VerifiedDelivery, work: EventWork): Promise<Answer> {
    try {
      const begun = this.ledger.begin(delivery);
      // A store in memory answers at once: then no delivery waits for a promise.
      const entry = isPromiseLike(begun) ? await begun : begun;
      switch (entry.status) {
        case 'done':
        case 'accepted':
          return this.answerDuplicate(delivery, entry);
        case 'in_progress':
          return { ...OUTCOMES.in_progress, retryAfterSeconds: entry.retryAfterMs / 1_000 };
        case 'acquired':
          return await this.finish(entry.claim, delivery, work);
      }
    } catch (error) {
      const answer = answerToFailure([error]);
      if (!answer) {
        throw error;
      }
      if (answer.log) {
        this.log.warn(answer.log.reason, answer.log.text);
      }
      return answer;
    }
  }

  private async finish(claim: Claim, delivery: VerifiedDelivery, work: EventWork): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await work(claim);
    } catch (error) {
      if (!hasErrorCode(error, 'unrecoverable_event')) {
        await release(claim);
        throw error;
      }
      answer = await this.giveUp(claim, delivery, error);
    }
    if (answer.status !== 200) {
      await release(claim);
      return answer;
    }
    const completed = claim.complete();
    if (!(isPromiseLike(completed) ? await completed : completed)) {
      throw new DeliveryAbortedError('lease_lost');
    }
    return answer;
  }

  private answerDuplicate(
    { event }: VerifiedDelivery,
    { status, sameBody }: { readonly status: CompletedAs; readonly sameBody: boolean },
  ): Answer {
    if (!sameBody) {
      this.log.warn(
        'id_reused',
        `Event ${event.id} (${event.type}) is ${status} already, and came again with another body: ignored.`,
      );
    }
    return OUTCOMES[status];
  }

  /** A controller of the user's own can't process the event. */
  private async giveUp(claim: Claim, delivery: VerifiedDelivery, error: unknown): Promise<Answer> {
    const { event } = delivery;
    this.logger.error(`Gave up on event ${event.id} (${event.type}): ${describeError(error, event)}`);
    try {
      await this.ledger.failures?.keep(delivery, OWN_CONTROLLER, { error, attempts: claim.attempt });
    } catch (unavailable) {
      await release(claim);
      throw unavailable;
    }
    return OUTCOMES.handled;
  }
}

/** The ledger goes on telling the store until it is back. */
async function release(claim: Claim): Promise<void> {
  await claim.release().catch(() => undefined);
}
