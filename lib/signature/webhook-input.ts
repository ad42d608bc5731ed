import {
  collectSignatureHeaders,
  type SignatureHeaders,
  type WebhookHeaders,
} from './schemes/signature-headers.js';
import { WebhookVerificationError } from './signature.errors.js';
import { isWebhookScheme, WEBHOOK_SCHEMES, type WebhookScheme } from './webhook-scheme.js';
import { MOST_SECRETS, requireUsableSecret } from './webhook-secret.js';

/**
 * The secret and the rules that a verifier is made with.
 *
 * @publicApi
 */
export interface WebhookVerifierOptions {
  /**
   * The signing secret as the Scalekit dashboard shows it (`whsec_…`). While it is rotated, a list: a signature made
   * with any of them is good.
   */
  readonly secret: string | readonly string[];
  /**
   * The schemes to accept. Headers of other schemes are ignored as if absent. `digest` signs no time, so a captured
   * delivery can be replayed: accept `['standard']` alone where your deliveries allow it (S12).
   *
   * @default all: WEBHOOK_SCHEMES
   */
  readonly schemes?: readonly WebhookScheme[] | undefined;
  /**
   * How far a signed timestamp may be from the clock, either way, in seconds.
   *
   * @default 300
   */
  readonly toleranceSeconds?: number | undefined;
}

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

export interface ResolvedVerifierOptions {
  readonly secrets: readonly string[];
  readonly schemes: readonly WebhookScheme[];
  readonly toleranceSeconds: number;
}

/** @throws WebhookVerificationError `invalid_options`, `invalid_secret` */
export function resolveVerifierOptions(options: unknown): ResolvedVerifierOptions {
  const { secrets, schemes, toleranceSeconds } = readForeign(readOptions, options);
  if (schemes.length === 0 || !schemes.every(isWebhookScheme)) {
    throw new WebhookVerificationError(
      'invalid_options',
      `schemes must be an array of at least one of ${WEBHOOK_SCHEMES.join(', ')}.`,
    );
  }
  if (typeof toleranceSeconds !== 'number' || !(toleranceSeconds >= 0 && toleranceSeconds < Infinity)) {
    throw new WebhookVerificationError(
      'invalid_options',
      'toleranceSeconds must be a finite number, 0 or more.',
    );
  }
  if (secrets.length === 0) {
    throw new WebhookVerificationError(
      'invalid_secret',
      `secret must be a string, or an array of 1 to ${MOST_SECRETS} strings.`,
    );
  }
  return {
    secrets: secrets.map((secret) => requireUsableSecret(secret, schemes)),
    schemes,
    toleranceSeconds,
  };
}

function readOptions(options: unknown) {
  const {
    secret,
    schemes = WEBHOOK_SCHEMES,
    toleranceSeconds = 300,
  } = options as Partial<Record<keyof WebhookVerifierOptions, unknown>>;
  return {
    secrets: typeof secret === 'string' ? [secret] : copyList(secret),
    schemes: copyList(schemes),
    toleranceSeconds,
  };
}

/** Empty if the value is not a list, or is too long. */
function copyList(value: unknown): readonly unknown[] {
  return Array.isArray(value) && value.length <= MOST_SECRETS ? Array.from<unknown>(value) : [];
}

/** A delivery whose getters and proxies have been read: nothing left in it runs foreign code. */
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

/** True for bytes or text. `instanceof` alone would refuse the Uint8Array of another realm, such as Jest's. */
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
