import { createWebhookCheck } from './webhook-check.js';
import type { WebhookDelivery } from './webhook-delivery.js';
import type { WebhookVerification } from './webhook-verification.js';
import { WebhookVerificationError } from './webhook-verification.error.js';
import type { WebhookVerifierOptions } from './webhook-verifier-options.js';

export type { WebhookDelivery } from './webhook-delivery.js';
export type { WebhookHeaders, WebhookHeadersLike } from './webhook-headers.js';
export type { WebhookVerification } from './webhook-verification.js';
export type { WebhookVerifierOptions } from './webhook-verifier-options.js';

/**
 * Verifies any number of deliveries, from {@link createWebhookVerifier}.
 *
 * @publicApi
 */
export interface WebhookVerifier {
  /**
   * As {@link verifyWebhook}, with what the verifier was made of.
   *
   * @throws WebhookVerificationError and nothing else, whatever it is given; `code` says why
   */
  verify(delivery: WebhookDelivery): WebhookVerification;
}

/**
 * A delivery, and what to verify it with.
 *
 * @publicApi
 */
export interface VerifyWebhookOptions extends WebhookVerifierOptions, WebhookDelivery {}

/**
 * Verifies one delivery: that a holder of the secret signed these bytes, and when. Returning means that it is
 * authentic. To verify many, make a verifier once: {@link createWebhookVerifier}.
 *
 * A signature proves its bytes and no more (S13). An id may hold dots, and then bytes can move between id and body
 * across the dot; a `timestamped` signature of a body is also a `digest` of `<timestamp>.<body>`. No such body is a
 * JSON object, so parse strictly and accept objects only. `digest` signs no time: remember the ids of events you
 * have handled, or accept `['standard']` alone.
 *
 * ```ts
 * verifyWebhook({ rawBody: request.rawBody, headers: request.headers, secret: process.env.SCALEKIT_WEBHOOK_SECRET });
 * ```
 *
 * @throws WebhookVerificationError and nothing else, whatever it is given; `code` says why
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @publicApi
 */
export function verifyWebhook(options: VerifyWebhookOptions): WebhookVerification {
  return createWebhookVerifier(options).verify(options);
}

/**
 * Checks the options and prepares the keys once, for any number of deliveries.
 *
 * @throws WebhookVerificationError `invalid_secret`, `invalid_options`
 * @publicApi
 */
export function createWebhookVerifier(options: WebhookVerifierOptions): WebhookVerifier {
  const check = createWebhookCheck(options);
  return {
    verify(delivery) {
      const outcome = check(delivery);
      if (outcome instanceof WebhookVerificationError) {
        throw outcome;
      }
      return outcome;
    },
  };
}
