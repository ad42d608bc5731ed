import type { WebhookScheme } from './webhook-scheme.js';

/**
 * What a good signature proves of a delivery, besides its body.
 *
 * @publicApi
 */
export interface WebhookVerification {
  /** The scheme that decided. */
  readonly scheme: WebhookScheme;
  /** The signed `webhook-id`. Only `standard` signs one. */
  readonly id?: string;
  /** When the delivery was signed, in unix seconds. `digest` signs no time. */
  readonly timestamp?: number;
}
