import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * The async `secret` function failed and no earlier result is cached: the delivery gets 503 and the sender retries.
 *
 * @publicApi
 */
export class SecretUnavailableError extends ScalekitWebhookError<'secret_unavailable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('secret_unavailable', message, options);
  }
}
