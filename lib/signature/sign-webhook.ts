import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { signatureSchemes } from './schemes/signature-schemes.js';
import { WebhookVerificationError } from './signature.errors.js';
import { isBody, millisecondsOf, readForeign } from './webhook-input.js';
import { isWebhookScheme, WEBHOOK_SCHEMES, type WebhookScheme } from './webhook-scheme.js';
import { prepareSigningKey } from './webhook-secret.js';

/** 15 digits (S5). */
const LAST_TIMESTAMP = 999_999_999_999_999;

/**
 * The body to sign and how to sign it.
 *
 * @publicApi
 */
export type SignWebhookOptions = SigningOptions & (BodyToSign | RawBodyToSign);

interface BodyToSign {
  /** The body exactly as it will be sent. A string stands for its UTF-8 bytes. */
  readonly body: Uint8Array | string;
  readonly rawBody?: undefined;
}

interface RawBodyToSign {
  /** Another name for `body`: the one that `verifyWebhook` uses. Give one of them. */
  readonly rawBody: Uint8Array | string;
  readonly body?: undefined;
}

interface SigningOptions {
  /** The signing secret of the endpoint (`whsec_…`). */
  readonly secret: string;
  /** @default 'standard' */
  readonly scheme?: WebhookScheme | undefined;
  /**
   * The `webhook-id`. Only `standard` has one.
   *
   * @default a random one, `msg_…`
   */
  readonly id?: string | undefined;
  /**
   * The time of the signature: a Date, or unix seconds. Fractions are dropped. `digest` has none.
   *
   * @default the clock of this machine
   */
  readonly timestamp?: Date | number | undefined;
}

/**
 * Signs a body as Scalekit does, for tests and for deliveries to your own application. `rawBody` means the same as
 * `body`, so that the options of `verifyWebhook` can be reused.
 *
 * ```ts
 * await fetch(url, { method: 'POST', body, headers: signWebhook({ body, secret }) });
 * ```
 *
 * @returns the headers to send with it, names in lower case
 * @throws WebhookVerificationError `invalid_body`, `invalid_secret`, `invalid_options`
 * @publicApi
 */
export function signWebhook(options: SignWebhookOptions): Record<string, string> {
  const { body, secret, scheme: name, id, timestamp } = readForeign(readFields, options);
  const [scheme] = isWebhookScheme(name) ? signatureSchemes([name]) : [];
  if (!scheme) {
    throw new WebhookVerificationError(
      'invalid_options',
      `scheme must be one of ${WEBHOOK_SCHEMES.join(', ')}.`,
    );
  }
  if (body === undefined) {
    throw new WebhookVerificationError(
      'invalid_body',
      'Give body or rawBody, not both: a Uint8Array (such as a Buffer) or a string.',
    );
  }
  if (typeof id !== 'string' || id === '') {
    throw new WebhookVerificationError('invalid_options', 'id must be a string, and not empty.');
  }
  if (!(timestamp >= 0 && timestamp <= LAST_TIMESTAMP)) {
    throw new WebhookVerificationError('invalid_options', 'timestamp must be a valid Date, or unix seconds.');
  }
  const key = prepareSigningKey(secret, scheme.name);
  const fields = { id, timestamp: String(timestamp) };
  try {
    return scheme.write(fields, computeMac(key, scheme.signedPrefix(fields), body));
  } catch (error) {
    throw toVerificationError(error);
  }
}

function readFields(options: unknown) {
  const {
    body,
    rawBody,
    secret,
    scheme = 'standard',
    id = `msg_${randomBytes(16).toString('hex')}`,
    timestamp = new Date(),
  } = options as Partial<Record<keyof SignWebhookOptions, unknown>>;
  return {
    body: onlyBody([body, rawBody].filter((given) => given !== undefined)),
    secret,
    scheme,
    id,
    timestamp: Math.floor(typeof timestamp === 'number' ? timestamp : millisecondsOf(timestamp) / 1000),
  };
}

function onlyBody([body, ...others]: readonly unknown[]): Uint8Array | string | undefined {
  return isBody(body) && others.length === 0 ? body : undefined;
}

/** HMAC-SHA256 over the prefix and the body's own bytes, undecoded (S8). */
export function computeMac(key: KeyObject, signedPrefix: string, body: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(signedPrefix).update(body).digest();
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
