import { WebhookVerificationError } from '../signature.errors.js';
import type { WebhookScheme, WebhookVerification } from '../webhook-scheme.js';
import type { HeaderValue, SignatureHeaderName, SignatureHeaders } from './signature-headers.js';

/** One way to sign. Each scheme has a file of its own. */
export interface SignatureScheme {
  readonly name: WebhookScheme;
  /**
   * Reads the scheme's headers. Undefined when its signature header is absent (S1).
   *
   * @param scratch 32 bytes; one of the returned signatures may lie in them until the next read
   * @throws WebhookVerificationError `missing_headers`, `malformed_header`
   */
  read(headers: SignatureHeaders, scratch: Uint8Array): ParsedSignature | undefined;
  signedPrefix(fields: SignedFields): string;
  /** The headers that a delivery with this signature carries. */
  write(fields: SignedFields, signature: Buffer): Record<string, string>;
}

/** What the headers of a delivery say. None of it can be trusted until one of the signatures matches. */
export interface ParsedSignature {
  /** Well-formed signatures of 32 bytes: at least one, at most {@link MAX_SIGNATURES}. */
  readonly signatures: readonly Uint8Array[];
  /** The signed text up to the body. */
  readonly signedPrefix: string;
  /** The result of the verification if a signature matches. */
  readonly proves: WebhookVerification;
}

/** What a delivery is signed with, besides its body. */
export interface SignedFields {
  readonly id: string;
  /** Unix seconds, in decimal digits. */
  readonly timestamp: string;
}

/** S11: a flood of well-formed signatures costs a bounded number of comparisons. */
export const MAX_SIGNATURES = 100;

const MOST_DIGITS = 15;
const ZERO = 0x30;

/**
 * The text of a header that the scheme can't do without.
 *
 * @throws WebhookVerificationError `missing_headers`, `malformed_header`
 */
export function requireText(headers: SignatureHeaders, name: SignatureHeaderName): string {
  const value: HeaderValue = headers[name];
  if (typeof value === 'string') {
    return value;
  }
  throw value === undefined
    ? new WebhookVerificationError(
        'missing_headers',
        `The header ${name} is missing: check that every proxy on the way passes it on.`,
      )
    : new WebhookVerificationError(
        'malformed_header',
        `The header ${name} came more than once, or is not text: it must be one string.`,
      );
}

/**
 * Parses `/^\d{1,15}$/` (S5). `parseInt` would take white space, signs and trailing letters: several texts for one time.
 *
 * @returns unix seconds
 * @throws WebhookVerificationError `malformed_header`
 */
export function parseTimestamp(text: string): number {
  let seconds = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9 || i === MOST_DIGITS) {
      throw malformedTimestamp();
    }
    seconds = seconds * 10 + digit;
  }
  if (text === '') {
    throw malformedTimestamp();
  }
  return seconds;
}

function malformedTimestamp(): WebhookVerificationError {
  return new WebhookVerificationError(
    'malformed_header',
    'The timestamp of the signature is not a whole number of seconds in 1 to 15 decimal digits.',
  );
}

/**
 * The index where the part of the list that begins at `start` ends. Lists are walked part by part: `split` would hold
 * every part of a hostile header at once (S11).
 */
export function endOfPart(list: string, separator: string, start: number): number {
  const end = list.indexOf(separator, start);
  return end === -1 ? list.length : end;
}
