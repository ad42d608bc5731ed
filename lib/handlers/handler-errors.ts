import { callAgainIn, ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * Thrown by a handler that can never process this event: retrying can't help. It is logged as an error, and the handler
 * is not tried again.
 *
 * - Inline, the delivery is answered 200 as soon as the other handlers have finished, so the sender doesn't retry. The
 *   store keeps the event as failed.
 * - With a queue, the handler's job becomes a dead letter at once, whatever attempts are left.
 *
 * Either way `ScalekitWebhookService.failed` lists it, `replay` runs it again, and `discard` forgets it.
 *
 * @publicApi
 */
export class UnrecoverableEventError extends ScalekitWebhookError<'unrecoverable_event'> {
  constructor(message: string, options?: ErrorOptions) {
    super('unrecoverable_event', message, options);
  }
}

/** A time in milliseconds, or a date, is no number of seconds from now. */
const LONGEST_SECONDS = 31_622_400;

/**
 * Thrown by a handler that wants the event again later, for example because an API that it calls is rate limited.
 *
 * - Inline, the delivery is answered 503 with `Retry-After`, and the sender decides when it comes again. Svix, which
 *   sends for Scalekit, never waits less than its own delay, nor more than twice that: an hour is asked for in vain at
 *   the first attempts. Its delays vary by a fifth either way.
 * - With a queue, the job waits for exactly that time: no jitter, no cap. The attempt counts, so the last one makes a
 *   dead letter.
 *
 * Other handlers of the event are not held up, and don't run again.
 *
 * @publicApi
 */
export class RetryLaterError extends ScalekitWebhookError<'retry_later'> {
  /**
   * @param seconds when to try again, from now; the header has whole seconds, rounded up
   * @throws RangeError if `seconds` is not above 0, or more than 31,622,400 (366 days)
   */
  constructor(
    readonly seconds: number,
    message = 'The handler asked for the event to be retried later.',
    options?: ErrorOptions,
  ) {
    super('retry_later', message, options);
    if (!Number.isFinite(seconds) || seconds <= 0 || seconds > LONGEST_SECONDS) {
      throw new RangeError(
        `RetryLaterError takes a positive number of seconds up to ${LONGEST_SECONDS} (366 days), received ${seconds}.`,
      );
    }
    callAgainIn(this, seconds);
  }
}
