const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE_OF = new Int8Array(128).fill(-1);
for (let value = 0; value < ALPHABET.length; value++) {
  VALUE_OF[ALPHABET.charCodeAt(value)] = value;
}

/** HMAC-SHA256 */
export const MAC_BYTES = 32;

/** 32 bytes make 43 digits and one `=`. */
export const BASE64_MAC_LENGTH = 44;

/**
 * The MAC whose canonical base64 stands at `start`, or undefined if none does (S4). Node's decoder would take
 * base64url and missing padding, read some non-ASCII letters as others, and ignore the two bits that the last digit
 * has to spare: many texts for one MAC.
 *
 * @param bytes where to put it, and what is returned
 */
export function decodeBase64Mac(
  text: string,
  start: number,
  bytes: Uint8Array = new Uint8Array(MAC_BYTES),
): Uint8Array | undefined {
  let length = 0;
  let bits = 0;
  let bitCount = 0;
  for (let i = start; i < start + 43; i++) {
    const value = VALUE_OF[text.charCodeAt(i)] ?? -1;
    if (value < 0) {
      return undefined;
    }
    bits = (bits << 6) | value;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length++] = bits >> bitCount;
    }
  }
  return (bits & 3) === 0 && text[start + 43] === '=' ? bytes : undefined;
}
