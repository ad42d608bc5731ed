import { Logger } from '@nestjs/common';
import {
  type Answer,
  answerInTime,
  answerToFailure,
  answerToOutcome,
  type DispatchOutcome,
  OUTCOMES,
} from '../answers/answers.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import { attempt, type Awaitable, isPromiseLike } from '../shared/awaitable.js';
import { describeError } from '../shared/describe-error.js';
import type { RateLimitedLog } from '../shared/rate-limited-log.js';
import type { Lifecycle } from '../telemetry/lifecycle.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import type { Claim } from './claim.js';
import { OWN_CONTROLLER } from './failure.ledger.js';
import { DeliveryAbortedError } from './idempotency.errors.js';
import type { CompletedAs } from './idempotency-store.js';
import type { AcceptAnswer, Ledger } from './ledger.js';

/** The work on a claimed event: once it is handled or accepted, the event is done; otherwise it is free again. */
export type EventWork = (claim: Claim) => Awaitable<DispatchOutcome>;

/** Claims an event and does its work in one transaction. Undefined where that can't be: then the ledger claims it. */
export type Acceptance = () => Awaitable<AcceptAnswer> | undefined;

/** Claims an event in the ledger, so that nobody works on it twice at a time, or again when it is done. */
export class OncePerEvent {
  private readonly logger = new Logger('ScalekitWebhook');

  constructor(
    private readonly ledger: Ledger,
    private readonly answerWithinMs: number,
    private readonly log: RateLimitedLog,
    private readonly lifecycle: Lifecycle,
  ) {}

  /**
   * Does `work` if the event is neither done nor being worked on. `accept` may claim the event, and do the work, in
   * place of the ledger; it returns undefined where it can't.
   *
   * @throws what `work` throws, or rejects with it, unless `FAILURES` has an answer to it
   */
  process(
    request: object,
    delivery: VerifiedDelivery,
    work: EventWork,
    accept?: Acceptance,
  ): Awaitable<Answer> {
    return this.lifecycle.untilAnswered(request, () => {
      const answer = this.finished(request, delivery, work, accept);
      return isPromiseLike(answer)
        ? answerInTime(request, this.answerWithinMs, answer, () => {
            return { ...OUTCOMES.late, retryAfterSeconds: this.answerWithinMs / 1_000 };
          })
        : answer;
    });
  }

  /** The same for an event that was fetched, however long it takes: nobody waits for the answer. */
  processFetched(delivery: VerifiedDelivery, work: EventWork): Awaitable<Answer> {
    const request = {};
    this.lifecycle.received(request, 'catch-up');
    this.lifecycle.verified(request, delivery);
    return this.lifecycle.untilAnswered(request, () => this.finished(request, delivery, work));
  }

  private finished(
    request: object,
    delivery: VerifiedDelivery,
    work: EventWork,
    accept?: Acceptance,
  ): Awaitable<Answer> {
    return attempt(
      () => accept?.() ?? this.ledger.begin(delivery),
      (entry) => this.answerEntry(entry, request, delivery, work),
      (error) => this.answerFailure(error),
    );
  }

  private answerEntry(
    entry: AcceptAnswer,
    request: object,
    delivery: VerifiedDelivery,
    work: EventWork,
  ): Awaitable<Answer> {
    switch (entry.status) {
      case 'queued':
        this.lifecycle.claimed(request, 1);
        return entry.as === 'accepted' ? OUTCOMES.queued : OUTCOMES.handled;
      case 'done':
      case 'accepted':
        return this.answerDuplicate(delivery, entry);
      case 'in_progress':
        return { ...OUTCOMES.in_progress, retryAfterSeconds: entry.retryAfterMs / 1_000 };
      case 'acquired': {
        const { claim } = entry;
        this.lifecycle.claimed(request, claim.attempt);
        return attempt(
          () => work(claim),
          (outcome) => this.finish(claim, outcome),
          (error) =>
            hasErrorCode(error, 'unrecoverable_event')
              ? this.giveUp(claim, delivery, error)
              : this.releaseAndAnswer(claim, error),
        );
      }
    }
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

  private finish(claim: Claim, outcome: DispatchOutcome): Awaitable<Answer> {
    const answer = answerToOutcome(outcome);
    if (outcome.status === 'failed') {
      return release(claim).then(() => answer);
    }
    claim.completesAs = outcome.status === 'accepted' ? 'accepted' : 'done';
    return attempt(
      () => claim.complete(),
      (held) => (held ? answer : this.answerFailure(new DeliveryAbortedError('lease_lost'))),
      (error) => this.answerFailure(error),
    );
  }

  /** A controller of the user's own can't process the event. */
  private async giveUp(claim: Claim, delivery: VerifiedDelivery, error: unknown): Promise<Answer> {
    const { event } = delivery;
    this.logger.error(`Gave up on event ${event.id} (${event.type}): ${describeError(error, event)}`);
    try {
      await this.ledger.failures?.keep(delivery, OWN_CONTROLLER, { error, attempts: claim.attempt });
    } catch (unavailable) {
      return this.releaseAndAnswer(claim, unavailable);
    }
    return this.finish(claim, { status: 'handled' });
  }

  private async releaseAndAnswer(claim: Claim, error: unknown): Promise<Answer> {
    await release(claim);
    return this.answerFailure(error);
  }

  /** @throws the error itself if `FAILURES` has no answer to it */
  private answerFailure(error: unknown): Answer {
    const answer = answerToFailure([error]);
    if (!answer) {
      throw error;
    }
    if (answer.log) {
      this.log.warn(answer.reason, answer.log);
    }
    return answer;
  }
}

/** If the store can't be told now, the claim tells it when it is back. */
async function release(claim: Claim): Promise<void> {
  await claim.release().catch(() => undefined);
}
