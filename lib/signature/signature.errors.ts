import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * Why a delivery was refused, or could not be checked.
 *
 * About the delivery:
 * - `missing_headers`: no signature header of an accepted scheme, or its id or timestamp is missing
 * - `malformed_header`: a header of the deciding scheme is not written as that scheme writes it, or came twice
 * - `timestamp_too_old`, `timestamp_too_new`: signed at a time too far from this machine's clock
 * - `signature_mismatch`: none of the signatures was made from this body and these headers with a configured secret
 *
 * About the call:
 * - `invalid_secret`: a secret that can't be right, or none that can serve the scheme of the delivery
 * - `invalid_body`: `rawBody` is neither bytes nor text, or too large to be hashed
 * - `invalid_options`: anything else that was passed wrongly
 *
 * @publicApi
 */
export type WebhookVerificationErrorCode =
  | 'missing_headers'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'signature_mismatch'
  | 'invalid_secret'
  | 'invalid_body'
  | 'invalid_options';

/**
 * The only error that `verifyWebhook`, `createWebhookVerifier` and `signWebhook` throw. The message is for
 * a developer's log: it holds no secret, no expected signature and no text that a sender chose. Don't answer it to
 * the sender, since it says how near a forgery came.
 *
 * @publicApi
 */
export class WebhookVerificationError extends ScalekitWebhookError<WebhookVerificationErrorCode> {}

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

/** @publicApi */
export type DeliveryRefusedErrorCode = 'wrong_environment' | 'event_too_old';

/**
 * An authentic event that the options refuse (`environmentId`, `signature.maxEventAgeSeconds`).
 *
 * @publicApi
 */
export class DeliveryRefusedError extends ScalekitWebhookError<DeliveryRefusedErrorCode> {}
