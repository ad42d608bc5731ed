import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { WebhookVerificationError } from './webhook-verification.error.js';

/** HMAC-SHA256 over the prefix and the body's own bytes, undecoded (S8). */
export function computeMac(key: KeyObject, signedPrefix: string, body: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(signedPrefix).update(body).digest();
}

/**
 * Compares the MAC with every signature and doesn't stop at a match: time tells how many there are, and nothing of
 * which one is right.
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

/** Beside our own errors there are the limits of V8 and Node: about 512 MiB of text, 2 GiB of bytes. */
export function toVerificationError(error: unknown): WebhookVerificationError {
  return error instanceof WebhookVerificationError
    ? error
    : new WebhookVerificationError(
        'invalid_body',
        'The body could not be hashed: it is too large, or no genuine Uint8Array.',
        { cause: error },
      );
}
