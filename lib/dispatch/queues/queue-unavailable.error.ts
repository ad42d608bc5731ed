import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';

/**
 * The queue could not take an event, or did not say so in time: the delivery gets 503 and the sender retries.
 *
 * @publicApi
 */
export class QueueUnavailableError extends ScalekitWebhookError<'queue_unavailable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('queue_unavailable', message, options);
  }
}
