import { WebhookVerificationError } from './webhook-verification.error.js';

/**
 * Reads what a caller passed. Getters and proxies may throw anything there; it becomes the one error that callers
 * are told to expect.
 *
 * @throws WebhookVerificationError `invalid_options`
 */
export function readForeign<T>(read: (value: unknown) => T, value: unknown): T {
  try {
    return read(value);
  } catch (cause) {
    throw new WebhookVerificationError(
      'invalid_options',
      'The argument is not an object with the documented properties, or reading one of them failed.',
      { cause },
    );
  }
}

/** Bytes or text. `instanceof` alone would refuse the Uint8Array of another realm, such as Jest's. */
export function isBody(value: unknown): value is Uint8Array | string {
  return (
    value instanceof Uint8Array ||
    typeof value === 'string' ||
    (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]')
  );
}

/** Works for the Date of another realm, too. NaN where the value is no Date, or an invalid one. */
export function millisecondsOf(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return NaN;
  }
}
