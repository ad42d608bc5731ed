import type { WebhookScheme } from '../webhook-scheme.js';
import { WebhookVerificationError } from '../webhook-verification.error.js';
import { digestScheme } from './digest.scheme.js';
import type { SignatureHeaders } from './signature-headers.js';
import type { SignatureClaim, SignatureScheme } from './signature-scheme.js';
import { standardScheme } from './standard.scheme.js';
import { isTimestamped, timestampedScheme } from './timestamped.scheme.js';

/** The strongest first (S3). */
const SCHEMES: readonly SignatureScheme[] = [standardScheme, timestampedScheme, digestScheme];

/** The schemes of those names, the strongest first, whatever the order of the names. */
export function signatureSchemes(names: readonly WebhookScheme[]): readonly SignatureScheme[] {
  return SCHEMES.filter(({ name }) => names.includes(name));
}

/**
 * S3: the strongest accepted scheme that is present speaks for the delivery; the others are not asked, so a
 * sender can't fall back to a weaker one.
 *
 * @param scratch as of `SignatureScheme.read`
 * @throws WebhookVerificationError `missing_headers`, `malformed_header`
 */
export function readClaim(
  accepted: readonly SignatureScheme[],
  headers: SignatureHeaders,
  scratch: Uint8Array,
): SignatureClaim {
  const heeded = withoutForeignHeaders(accepted, headers);
  for (const scheme of accepted) {
    const claim = scheme.read(heeded, scratch);
    if (claim) {
      return claim;
    }
  }
  throw new WebhookVerificationError(
    'missing_headers',
    `No signature header of an accepted scheme (${accepted.map(({ name }) => name).join(', ')}): check that the ` +
      'request comes from Scalekit, that every proxy on the way passes its headers on, and that "schemes" holds ' +
      'the one it uses.',
  );
}

/**
 * S3 with S2: a `webhook-signature` of `timestamped`, where that is not accepted, counts as absent, and then
 * `svix-*` may stand in. No other header has two owners.
 */
function withoutForeignHeaders(
  accepted: readonly SignatureScheme[],
  headers: SignatureHeaders,
): SignatureHeaders {
  return isTimestamped(headers.webhook.signature) && !accepted.includes(timestampedScheme)
    ? { ...headers, webhook: { ...headers.webhook, signature: undefined } }
    : headers;
}
