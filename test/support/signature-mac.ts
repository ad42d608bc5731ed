import { createHash } from 'node:crypto';

const BLOCK_BYTES = 64;

/** HMAC-SHA256 after RFC 2104, on purpose without `createHmac` and without any code of lib. */
export function hmacSha256(key: Uint8Array, ...message: (Uint8Array | string)[]): Buffer {
  const shortKey = key.length > BLOCK_BYTES ? sha256(key) : key;
  const block = Buffer.concat([shortKey, Buffer.alloc(BLOCK_BYTES)], BLOCK_BYTES);
  const inner = sha256(xor(block, 0x36), ...message);
  return sha256(xor(block, 0x5c), inner);
}

function sha256(...parts: (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256');
  parts.forEach((part) => hash.update(part));
  return hash.digest();
}

function xor(bytes: Uint8Array, pad: number): Uint8Array {
  return bytes.map((byte) => byte ^ pad);
}
