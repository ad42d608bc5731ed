import {
  collectSignatureHeaders,
  type SignatureHeaders,
  type WebhookHeaders,
} from './schemes/signature-headers.js';
import { WebhookVerificationError } from './signature.errors.js';

/**
 * A received delivery.
 *
 * @publicApi
 */
export interface WebhookDelivery {
  /**
   * The body exactly as received, never parsed and serialised again. A string stands for its UTF-8 bytes; give the
   * bytes where you have them, since decoding maps many invalid bodies to one text (S8).
   */
  readonly rawBody: Uint8Array | string;
  /** All headers of the request. */
  readonly headers: WebhookHeaders;
  /**
   * The time to judge timestamps by.
   *
   * @default the clock of this machine
   */
  readonly now?: Date | undefined;
}

/** A delivery of which nothing is left that could run foreign code: getters and proxies have been read. */
export interface PlainDelivery {
  readonly rawBody: Uint8Array | string;
  readonly headers: SignatureHeaders;
  /** Unix seconds, rounded down. */
  readonly now: number;
}

/** @throws WebhookVerificationError `invalid_options`, `invalid_body` */
export function readDelivery(delivery: unknown): PlainDelivery {
  const { rawBody, headers, now } = readForeign(readFields, delivery);
  if (rawBody === undefined) {
    throw new WebhookVerificationError(
      'invalid_body',
      'rawBody is neither a Uint8Array (such as a Buffer) nor a string. Pass the raw body: a signature covers bytes, ' +
        'not a parsed object.',
    );
  }
  if (headers === undefined) {
    throw new WebhookVerificationError(
      'invalid_options',
      'headers must be an object of header names and values, such as request.headers, or a Fetch Headers.',
    );
  }
  if (Number.isNaN(now)) {
    throw new WebhookVerificationError('invalid_options', 'now must be a valid Date.');
  }
  return { rawBody, headers, now: Math.floor(now / 1000) };
}

function readFields(delivery: unknown) {
  const { rawBody, headers, now } = delivery as Partial<Record<keyof WebhookDelivery, unknown>>;
  return {
    rawBody: isBody(rawBody) ? rawBody : undefined,
    headers: isHeaders(headers) ? collectSignatureHeaders(headers) : undefined,
    now: now === undefined ? Date.now() : millisecondsOf(now),
  };
}

function isHeaders(value: unknown): value is WebhookHeaders {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

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
