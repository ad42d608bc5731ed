import { MAC_BYTES } from './schemes/base64-mac.js';
import type { SignatureClaim } from './schemes/signature-scheme.js';
import { readClaim, signatureSchemes } from './schemes/signature-schemes.js';
import { readDelivery, type PlainDelivery, type WebhookDelivery } from './webhook-delivery.js';
import { computeMac, countMatches, toVerificationError } from './webhook-mac.js';
import { prepareKeys, type WebhookKeys } from './webhook-secret.js';
import type { WebhookVerification } from './webhook-verification.js';
import { WebhookVerificationError } from './webhook-verification.error.js';
import { resolveVerifierOptions, type WebhookVerifierOptions } from './webhook-verifier-options.js';

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
  const { secrets, schemes, toleranceSeconds } = resolveVerifierOptions(options);
  const accepted = signatureSchemes(schemes);
  const keys = prepareKeys(secrets);
  const scratch = new Uint8Array(MAC_BYTES);
  return {
    verify(input) {
      const delivery = readDelivery(input);
      try {
        const claim = readClaim(accepted, delivery.headers, scratch);
        requireTimely(claim.proves, delivery.now, toleranceSeconds);
        requireSignature(claim, keys, delivery);
        return claim.proves;
      } catch (error) {
        throw toVerificationError(error);
      }
    },
  };
}

/** S5 */
function requireTimely({ timestamp }: WebhookVerification, now: number, toleranceSeconds: number): void {
  if (timestamp === undefined) {
    return;
  }
  if (now - timestamp > toleranceSeconds) {
    throw new WebhookVerificationError(
      'timestamp_too_old',
      `The delivery was signed more than ${toleranceSeconds} s ago: it is a replay, it was held up on the way, or ` +
        'the clock of this machine is fast.',
    );
  }
  if (timestamp - now > toleranceSeconds) {
    throw new WebhookVerificationError(
      'timestamp_too_new',
      `The delivery was signed more than ${toleranceSeconds} s in the future: it is a forgery, or the clock of this ` +
        'machine is slow.',
    );
  }
}

function requireSignature(claim: SignatureClaim, keys: WebhookKeys, { rawBody }: PlainDelivery): void {
  const { signatures, signedPrefix, proves } = claim;
  const { scheme } = proves;
  if (keys[scheme].length === 0) {
    throw new WebhookVerificationError(
      'invalid_secret',
      `The delivery is signed under the scheme "${scheme}", which no configured secret can serve: that needs ` +
        'whsec_ and then base64. Copy the signing secret of this endpoint from the Scalekit dashboard.',
    );
  }
  let matches = 0;
  for (const key of keys[scheme]) {
    matches += countMatches(computeMac(key, signedPrefix, rawBody), signatures);
  }
  if (matches === 0) {
    throw new WebhookVerificationError(
      'signature_mismatch',
      `No signature matches under the scheme "${scheme}". Check that the secret is that of this endpoint, and ` +
        'that rawBody is the body exactly as received, not parsed and serialised again.',
    );
  }
}
