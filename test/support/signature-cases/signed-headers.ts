import { hmacSha256 } from '../signature-mac.js';
import { BODY, ID, KEY, SECRET, T } from './signature-case.js';

interface StandardParts {
  readonly id?: string;
  readonly timestamp?: number | string;
  readonly body?: Uint8Array | string;
  readonly key?: Uint8Array;
}

interface TextKeyParts {
  readonly timestamp?: number | string;
  readonly body?: Uint8Array | string;
  /** The whole secret, as configured. */
  readonly secret?: string;
}

/** The base64 text of a `standard` signature. */
export function standardSignature({
  id = ID,
  timestamp = T,
  body = BODY,
  key = KEY,
}: StandardParts = {}): string {
  return hmacSha256(key, `${id}.${timestamp}.`, body).toString('base64');
}

/** The hex text of a `timestamped` signature. */
export function timestampedSignature({
  timestamp = T,
  body = BODY,
  secret = SECRET,
}: TextKeyParts = {}): string {
  return hmacSha256(Buffer.from(secret), `${timestamp}.`, body).toString('hex');
}

/** The hex text of a `digest` signature. */
export function digestSignature({ body = BODY, secret = SECRET }: TextKeyParts = {}): string {
  return hmacSha256(Buffer.from(secret), body).toString('hex');
}

/** A whole `standard` delivery. `signature` replaces the header's value, the rest stays signed. */
export function standard(parts: StandardParts & { signature?: string } = {}) {
  return {
    'webhook-id': parts.id ?? ID,
    'webhook-timestamp': String(parts.timestamp ?? T),
    'webhook-signature': parts.signature ?? `v1,${standardSignature(parts)}`,
  };
}

export function svix(parts: StandardParts & { signature?: string } = {}) {
  const headers = standard(parts);
  return {
    'svix-id': headers['webhook-id'],
    'svix-timestamp': headers['webhook-timestamp'],
    'svix-signature': headers['webhook-signature'],
  };
}

/** The value of a `timestamped` header. */
export function timestampedValue(parts: TextKeyParts = {}): string {
  return `t=${parts.timestamp ?? T},v1=${timestampedSignature(parts)}`;
}

export function timestamped(parts: TextKeyParts = {}) {
  return { 'scalekit-signature': timestampedValue(parts) };
}

export function digest(parts: TextKeyParts = {}) {
  return { 'x-scalekit-signature': digestSignature(parts) };
}

/** Well-formed signatures that match nothing. */
export const WRONG_BASE64 = `v1,${'A'.repeat(43)}=`;
export const WRONG_HEX = '0'.repeat(64);
export const WRONG = {
  standard: standard({ signature: WRONG_BASE64 }),
  timestamped: { 'scalekit-signature': `t=${T},v1=${WRONG_HEX}` },
  digest: { 'x-scalekit-signature': WRONG_HEX },
} as const;
