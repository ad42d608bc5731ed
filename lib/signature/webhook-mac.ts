import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

/** HMAC-SHA256 over the prefix and the body's own bytes, undecoded (S8). */
export function computeMac(key: KeyObject, signedPrefix: string, body: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(signedPrefix, 'utf8').update(body).digest();
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
