import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * Thrown by a handler that can never process this event: retrying can't help. It is logged as an error, and the
 * handler counts as done.
 *
 * @publicApi
 */
export class UnrecoverableEventError extends ScalekitWebhookError<'unrecoverable_event'> {
  constructor(message: string, options?: ErrorOptions) {
    super('unrecoverable_event', message, options);
  }
}
