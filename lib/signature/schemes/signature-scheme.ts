import type { WebhookScheme } from '../webhook-scheme.js';
import type { WebhookVerification } from '../webhook-verification.js';
import type { SignatureHeaders } from './signature-headers.js';

/** What the headers of a delivery say of it. Nothing of this is true until a signature matches. */
export interface SignatureClaim {
  /** Well-formed signatures, 32 bytes each: at least one, at most {@link MAX_SIGNATURES}. */
  readonly signatures: readonly Uint8Array[];
  /** The signed text up to the body. */
  readonly signedPrefix: string;
  /** What holds as soon as a signature matches. */
  readonly proves: WebhookVerification;
}

/** What a delivery is signed with, besides its body. */
export interface SignedFields {
  readonly id: string;
  /** Unix seconds, in decimal digits. */
  readonly timestamp: string;
}

export interface SignatureScheme {
  readonly name: WebhookScheme;
  /**
   * Undefined when the scheme's signature header is absent (S1).
   *
   * @param scratch a MAC's room, where a signature of the claim may lie until the next read
   * @throws WebhookVerificationError `missing_headers`, `malformed_header`
   */
  read(headers: SignatureHeaders, scratch: Uint8Array): SignatureClaim | undefined;
  signedPrefix(fields: SignedFields): string;
  /** The headers that a delivery with this signature carries. */
  write(fields: SignedFields, signature: Buffer): Record<string, string>;
}

/** S11: a flood of well-formed signatures costs a bounded number of comparisons. */
export const MAX_SIGNATURES = 100;
