import { WebhookVerificationError } from '../signature.errors.js';
import type { ParsedSignature, SignatureScheme, WebhookScheme } from '../webhook-scheme.js';
import { digestScheme } from './digest.scheme.js';
import type { SignatureHeaders } from './signature-headers.js';
import { standardScheme } from './standard.scheme.js';
import { isTimestamped, timestampedScheme } from './timestamped.scheme.js';

/** The strongest first (S3). */
const SCHEMES: readonly SignatureScheme[] = [standardScheme, timestampedScheme, digestScheme];

/** The schemes with these names, the strongest first, whatever the order of the names. */
export function signatureSchemes(names: readonly WebhookScheme[]): readonly SignatureScheme[] {
  return SCHEMES.filter(({ name }) => names.includes(name));
}

/**
 * Reads the strongest accepted scheme that is present (S3). The others are ignored, so that a sender can't fall back
 * to a weaker one.
 *
 * @param scratch as of `SignatureScheme.read`
 * @throws WebhookVerificationError `missing_headers`, `malformed_header`
 */
export function readSignature(
  accepted: readonly SignatureScheme[],
  headers: SignatureHeaders,
  scratch: Uint8Array,
): ParsedSignature {
  const relevant = withoutForeignHeaders(accepted, headers);
  for (const scheme of accepted) {
    const signature = scheme.read(relevant, scratch);
    if (signature) {
      return signature;
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
 * Removes a `webhook-signature` of `timestamped` where that scheme is not accepted (S2, S3): then `svix-*` may stand in.
 * No other header belongs to two schemes.
 */
function withoutForeignHeaders(
  accepted: readonly SignatureScheme[],
  headers: SignatureHeaders,
): SignatureHeaders {
  return isTimestamped(headers) && !accepted.includes(timestampedScheme)
    ? { ...headers, 'webhook-signature': undefined }
    : headers;
}
