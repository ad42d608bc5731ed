import { MAC_BYTES } from './schemes/base64-mac.js';
import type { SignatureClaim } from './schemes/signature-scheme.js';
import { readClaim, signatureSchemes } from './schemes/signature-schemes.js';
import { readDelivery, type PlainDelivery, type WebhookDelivery } from './webhook-delivery.js';
import { computeMac, countMatches, toVerificationError } from './webhook-mac.js';
import { prepareKeys, type WebhookKeys } from './webhook-secret.js';
import type { WebhookVerification } from './webhook-verification.js';
import { WebhookVerificationError } from './webhook-verification.error.js';
import { resolveVerifierOptions, type WebhookVerifierOptions } from './webhook-verifier-options.js';

/** What a delivery proves, or why it proves nothing. */
export type WebhookOutcome = WebhookVerification | WebhookVerificationError;

export type WebhookCheck = (delivery: WebhookDelivery) => WebhookOutcome;

/**
 * A verifier that returns its errors. In a call that Node makes, as for the body of a request, V8 takes longer to throw
 * one than to compute the signature, and whoever sends forgeries decides how often.
 *
 * @throws WebhookVerificationError `invalid_secret`, `invalid_options`: of the options
 */
export function createWebhookCheck(options: WebhookVerifierOptions): WebhookCheck {
  const { secrets, schemes, toleranceSeconds } = resolveVerifierOptions(options);
  const accepted = signatureSchemes(schemes);
  const keys = prepareKeys(secrets);
  const scratch = new Uint8Array(MAC_BYTES);
  return (input) => {
    try {
      const delivery = readDelivery(input);
      const claim = readClaim(accepted, delivery.headers, scratch);
      return (
        faultOfTime(claim.proves, delivery.now, toleranceSeconds) ??
        faultOfSignature(claim, keys, delivery) ??
        claim.proves
      );
    } catch (error) {
      return toVerificationError(error);
    }
  };
}

/** S5 */
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

function faultOfSignature(
  claim: SignatureClaim,
  keys: WebhookKeys,
  { rawBody }: PlainDelivery,
): WebhookVerificationError | undefined {
  const { signatures, signedPrefix, proves } = claim;
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
  for (const key of keys[scheme]) {
    matches += countMatches(computeMac(key, signedPrefix, rawBody), signatures);
  }
  return matches > 0
    ? undefined
    : new WebhookVerificationError(
        'signature_mismatch',
        `No signature matches under the scheme "${scheme}". Check that the secret is that of this endpoint, and ` +
          'that rawBody is the body exactly as received, not parsed and serialised again.',
      );
}
