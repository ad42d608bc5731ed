import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * Thrown by a handler that wants the event again later, for example because an API it calls is rate limited: the
 * delivery is answered 503 with `Retry-After`. Senders may ignore that header and keep to their own schedule.
 *
 * @publicApi
 */
export class RetryLaterError extends ScalekitWebhookError<'retry_later'> {
  /**
   * @param seconds when to try again, from now; rounded up to whole seconds
   * @throws RangeError if `seconds` is not a positive, finite number
   */
  constructor(
    readonly seconds: number,
    message = 'The handler asked for the event to be retried later.',
    options?: ErrorOptions,
  ) {
    super('retry_later', message, options);
    if (!Number.isFinite(seconds) || seconds <= 0) {
      throw new RangeError(`RetryLaterError takes a positive number of seconds, received ${seconds}.`);
    }
  }
}
