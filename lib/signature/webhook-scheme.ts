import type { SignatureHeaderName, SignatureHeaders } from './schemes/signature-headers.js';
import { WebhookVerificationError } from './signature.errors.js';

/**
 * Every signature scheme this package verifies, the strongest first: the order in which they decide (S3).
 *
 * - `standard`: [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md),
 *   what Scalekit's own SDK verifies. Signs the id, the timestamp and the body.
 * - `timestamped`: `t=<unix seconds>,v1=<hex>`. Signs the timestamp and the body.
 * - `digest`: `<hex>` or `sha256=<hex>`. Signs the body alone: a captured delivery can be replayed.
 *
 * @publicApi
 */
export const WEBHOOK_SCHEMES = Object.freeze(['standard', 'timestamped', 'digest'] as const);

/**
 * How a delivery is signed: see {@link WEBHOOK_SCHEMES}.
 *
 * @publicApi
 */
export type WebhookScheme = (typeof WEBHOOK_SCHEMES)[number];

export function isWebhookScheme(value: unknown): value is WebhookScheme {
  return WEBHOOK_SCHEMES.some((scheme) => scheme === value);
}

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
  /** Which secret signed it, from 0, and of how many. Set only where a list of several is configured. */
  readonly secret?: { readonly position: number; readonly of: number };
}

/** How one scheme reads and writes its headers. Each scheme has a file in `schemes/`. */
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

/** The claims of a delivery's headers. None of them can be trusted until one of the signatures matches. */
export interface ParsedSignature {
  /** Well-formed signatures of 32 bytes: at least one, at most {@link MAX_SIGNATURES}. */
  readonly signatures: readonly Uint8Array[];
  /** The signed text up to the body. */
  readonly signedPrefix: string;
  /** The result of the verification if a signature matches. */
  readonly proves: WebhookVerification;
}

/** The signed fields, besides the body. */
export interface SignedFields {
  readonly id: string;
  /** Unix seconds, in decimal digits. */
  readonly timestamp: string;
}

/** S11: a flood of well-formed signatures costs a bounded number of comparisons. */
const MAX_SIGNATURES = 100;

/**
 * The text of a header that the scheme can't do without.
 *
 * @throws WebhookVerificationError `missing_headers`, `malformed_header`
 */
export function requireText(headers: SignatureHeaders, name: SignatureHeaderName): string {
  const value = headers[name];
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
 * The bytes of the signatures in a header: the first group of each match of a global pattern. Matches are taken one by
 * one, so a hostile list of any length is never held as a whole (S11).
 *
 * @param expected what the header must hold, for the error
 * @throws WebhookVerificationError `malformed_header` if there is none
 */
export function signaturesIn(
  header: string,
  pattern: RegExp,
  encoding: 'hex' | 'base64',
  expected: string,
): readonly Uint8Array[] {
  const signatures: Uint8Array[] = [];
  pattern.lastIndex = 0;
  for (let match; signatures.length < MAX_SIGNATURES && (match = pattern.exec(header));) {
    signatures.push(Buffer.from(match[1] ?? '', encoding));
  }
  if (signatures.length === 0) {
    throw new WebhookVerificationError('malformed_header', `The signature header holds no ${expected}.`);
  }
  return signatures;
}

const TIMESTAMP = /^\d{1,15}$/;

/**
 * Parses a timestamp (S5). `parseInt` would take white space, signs and trailing letters: several texts for one time.
 *
 * @returns unix seconds
 * @throws WebhookVerificationError `malformed_header`
 */
export function parseTimestamp(text: string): number {
  if (!TIMESTAMP.test(text)) {
    throw new WebhookVerificationError(
      'malformed_header',
      'The timestamp of the signature is not a whole number of seconds in 1 to 15 decimal digits.',
    );
  }
  return Number(text);
}
