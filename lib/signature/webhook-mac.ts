import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { WebhookVerificationError } from './signature.errors.js';
import type { WebhookScheme } from './webhook-scheme.js';

export const SECRET_PREFIX = 'whsec_';
export const SHORTEST_STANDARD_KEY_BYTES = 16;

/** For each scheme, the keys of those secrets that it can use. */
export type WebhookKeys = Readonly<Record<WebhookScheme, readonly KeyObject[]>>;

export function prepareKeys(secrets: readonly string[]): WebhookKeys {
  const textKeys = secrets.map((secret) => createSecretKey(textBytes(secret)));
  const standardKeys = secrets
    .map(standardBytes)
    .filter((bytes) => bytes !== undefined)
    .map((bytes) => createSecretKey(bytes));
  return { standard: standardKeys, timestamped: textKeys, digest: textKeys };
}

/** S9: `standard` signs with the decoded secret, the other schemes with its whole text, prefix included. */
export function keyBytes(secret: string, scheme: WebhookScheme): Buffer | undefined {
  return scheme === 'standard' ? standardBytes(secret) : textBytes(secret);
}

function textBytes(secret: string): Buffer {
  return Buffer.from(secret, 'utf8');
}

function standardBytes(secret: string): Buffer | undefined {
  const bytes = decodeCanonicalBase64(withoutPrefix(secret));
  return bytes && bytes.length >= SHORTEST_STANDARD_KEY_BYTES ? bytes : undefined;
}

export function withoutPrefix(secret: string): string {
  return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
}

/**
 * Decodes standard base64, with all of its padding or none (S9). Node's decoder also takes base64url and some non-ASCII
 * letters, and skips what it can't read, so the bytes must encode to the same text again.
 */
export function decodeCanonicalBase64(text: string): Buffer | undefined {
  const digits = text.replace(/={1,2}$/, '');
  const isPaddedInPart = digits !== text && text.length % 4 !== 0;
  const bytes = Buffer.from(digits, 'base64');
  const isCanonical = bytes.toString('base64').replace(/=+$/, '') === digits;
  return isCanonical && !isPaddedInPart ? bytes : undefined;
}

/** HMAC-SHA256 over the prefix and the body's own bytes, undecoded (S8). */
export function computeMac(key: KeyObject, signedPrefix: string, body: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(signedPrefix).update(body).digest();
}

/**
 * Compares the MAC with every signature, also after a match: the time taken depends on their number and not on which one
 * is right.
 *
 * @param signatures of 32 bytes each
 */
export function countMatches(mac: Uint8Array, signatures: readonly Uint8Array[]): number {
  let matches = 0;
  for (const signature of signatures) {
    matches += Number(timingSafeEqual(mac, signature));
  }
  return matches;
}

/** Errors that are not ours come from the limits of V8 and Node: about 512 MiB of text, 2 GiB of bytes. */
export function toVerificationError(error: unknown): WebhookVerificationError {
  return error instanceof WebhookVerificationError
    ? error
    : new WebhookVerificationError(
        'invalid_body',
        'The body could not be hashed: it is too large, or no genuine Uint8Array.',
        { cause: error },
      );
}
