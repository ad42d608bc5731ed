import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * The idempotency store could not answer, so nobody knows whether the event was handled: the delivery gets 503
 * and the sender retries.
 *
 * @publicApi
 */
export class StoreUnavailableError extends ScalekitWebhookError<'store_unavailable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('store_unavailable', message, options);
  }
}
