import { timingSafeEqual } from 'node:crypto';
import { readSignature, signatureSchemes } from './schemes/signature-schemes.js';
import { computeMac, toVerificationError } from './sign-webhook.js';
import { WebhookVerificationError } from './signature.errors.js';
import {
  type PlainDelivery,
  readDelivery,
  resolveVerifierOptions,
  type WebhookDelivery,
  type WebhookVerifierOptions,
} from './webhook-input.js';
import type { ParsedSignature, WebhookVerification } from './webhook-scheme.js';
import { prepareKeys, type WebhookKeys } from './webhook-secret.js';

export type { WebhookHeaders, WebhookHeadersLike } from './schemes/signature-headers.js';
export type { WebhookDelivery, WebhookVerifierOptions } from './webhook-input.js';
export type { WebhookVerification } from './webhook-scheme.js';

/**
 * Made by {@link createWebhookVerifier}; verifies any number of deliveries.
 *
 * @publicApi
 */
export interface WebhookVerifier {
  /**
   * Verifies one delivery as {@link verifyWebhook} does, with the options that the verifier was made with.
   *
   * @throws WebhookVerificationError and nothing else, whatever it is given; `code` says why
   */
  verify(delivery: WebhookDelivery): WebhookVerification;
}

/**
 * A delivery, and the secret and rules to verify it with.
 *
 * @publicApi
 */
export interface VerifyWebhookOptions extends WebhookVerifierOptions, WebhookDelivery {}

/**
 * Verifies that a holder of the secret signed this delivery, and throws if not. To verify many deliveries, make a
 * verifier once: {@link createWebhookVerifier}.
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

export type WebhookOutcome = WebhookVerification | WebhookVerificationError;

export type WebhookCheck = (delivery: WebhookDelivery) => WebhookOutcome;

/**
 * Makes a verifier that returns its errors. In a callback that Node calls, such as the end of a request body, V8 takes longer to throw
 * an error than to compute the signature, and whoever sends forgeries decides how often that happens.
 *
 * @throws WebhookVerificationError `invalid_secret`, `invalid_options`: when the options are wrong
 */
export function createWebhookCheck(options: WebhookVerifierOptions): WebhookCheck {
  const { secrets, schemes, toleranceSeconds } = resolveVerifierOptions(options);
  const accepted = signatureSchemes(schemes);
  const keys = prepareKeys(secrets);
  const scratch = new Uint8Array(32);
  return (input) => {
    try {
      const delivery = readDelivery(input);
      const signature = readSignature(accepted, delivery.headers, scratch);
      return (
        faultOfTime(signature.proves, delivery.now, toleranceSeconds) ??
        checkSignature(signature, keys, delivery, secrets.length)
      );
    } catch (error) {
      return toVerificationError(error);
    }
  };
}

/** S5: the timestamp must be near the clock. */
function faultOfTime(
  { timestamp }: WebhookVerification,
  now: number,
  toleranceSeconds: number,
): WebhookVerificationError | undefined {
  if (timestamp === undefined) {
    return undefined;
  }
  if (now - timestamp > toleranceSeconds) {
    return new WebhookVerificationError(
      'timestamp_too_old',
      `The delivery was signed more than ${toleranceSeconds} s ago: it is a replay, it was held up on the way, or ` +
        'the clock of this machine is fast.',
    );
  }
  if (timestamp - now > toleranceSeconds) {
    return new WebhookVerificationError(
      'timestamp_too_new',
      `The delivery was signed more than ${toleranceSeconds} s in the future: it is a forgery, or the clock of this ` +
        'machine is slow.',
    );
  }
  return undefined;
}

function checkSignature(
  { signatures, signedPrefix, proves }: ParsedSignature,
  keys: WebhookKeys,
  { rawBody }: PlainDelivery,
  of: number,
): WebhookOutcome {
  const { scheme } = proves;
  if (keys[scheme].length === 0) {
    return new WebhookVerificationError(
      'invalid_secret',
      `The delivery is signed under the scheme "${scheme}", which no configured secret can serve: that needs ` +
        'whsec_ and then base64 of at least 16 bytes; a secret that is not so serves "timestamped" and "digest" only. ' +
        'Copy the signing secret of this endpoint from the Scalekit dashboard.',
    );
  }
  let matches = 0;
  let position = 0;
  for (const { key, position: ofKey } of keys[scheme]) {
    const matching = countMatches(computeMac(key, signedPrefix, rawBody), signatures);
    matches += matching;
    position = matching > 0 ? ofKey : position;
  }
  if (matches > 0) {
    return of > 1 ? { ...proves, secret: { position, of } } : proves;
  }
  return new WebhookVerificationError(
    'signature_mismatch',
    `No signature matches under the scheme "${scheme}". Check that the secret is that of this endpoint, and ` +
      'that rawBody is the body exactly as received, not parsed and serialised again.',
  );
}

/**
 * Compares the MAC with every signature, also after a match: the time taken depends on their number and not on which one
 * is right.
 *
 * @param signatures of 32 bytes each
 */
function countMatches(mac: Uint8Array, signatures: readonly Uint8Array[]): number {
  let matches = 0;
  for (const signature of signatures) {
    matches += Number(timingSafeEqual(mac, signature));
  }
  return matches;
}
