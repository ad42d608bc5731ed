import type { WebhookHeaders, WebhookHeadersLike } from '../webhook-headers.js';
import { WebhookVerificationError } from '../webhook-verification.error.js';

export type SignatureHeaderName =
  | 'webhook-id'
  | 'webhook-timestamp'
  | 'webhook-signature'
  | 'svix-id'
  | 'svix-timestamp'
  | 'svix-signature'
  | 'scalekit-signature'
  | 'x-scalekit-signature';

/** A header that came more than once, or not as text. */
interface UnusableHeader {
  readonly firstValue: unknown;
}

/** Undefined where the header is absent. */
export type HeaderValue = string | UnusableHeader | undefined;

export type SignatureHeaders = Readonly<Record<SignatureHeaderName, HeaderValue>>;

/**
 * Takes the headers that signatures are made of out of all others. Every name is looked at, so that a second
 * `Webhook-Signature` beside `webhook-signature` is noticed. May throw what getters and proxies throw.
 */
export function collectSignatureHeaders(headers: WebhookHeaders): SignatureHeaders {
  const found: Record<SignatureHeaderName, HeaderValue> = {
    'webhook-id': undefined,
    'webhook-timestamp': undefined,
    'webhook-signature': undefined,
    'svix-id': undefined,
    'svix-timestamp': undefined,
    'svix-signature': undefined,
    'scalekit-signature': undefined,
    'x-scalekit-signature': undefined,
  };
  if (isHeadersLike(headers)) {
    for (const [rawName, value] of headers.entries()) {
      const name = signatureHeaderName(rawName);
      if (name) {
        found[name] = merge(found[name], value);
      }
    }
    return found;
  }
  for (const rawName in headers) {
    const name = signatureHeaderName(rawName);
    if (name && Object.hasOwn(headers, rawName)) {
      found[name] = merge(found[name], headers[rawName]);
    }
  }
  return found;
}

/**
 * A header that the deciding scheme can't do without.
 *
 * @throws WebhookVerificationError `missing_headers`, `malformed_header`
 */
export function requireHeader(headers: SignatureHeaders, name: SignatureHeaderName): string {
  const value = headers[name];
  if (typeof value === 'string') {
    return value;
  }
  throw value === undefined
    ? new WebhookVerificationError(
        'missing_headers',
        `The header ${name} is missing: check that every proxy on the way passes it on.`,
      )
    : new WebhookVerificationError(
        'malformed_header',
        `The header ${name} came more than once, or is no text: it must be one string.`,
      );
}

/** Of a repeated header the first value counts: joined, as Node joins most headers, its text begins so. */
export function headerStartsWith(value: HeaderValue, prefix: string): boolean {
  const text = typeof value === 'object' ? value.firstValue : value;
  return typeof text === 'string' && text.startsWith(prefix);
}

function isHeadersLike(headers: WebhookHeaders): headers is WebhookHeadersLike {
  return typeof headers.entries === 'function' && typeof headers.get === 'function';
}

/** By length first: most headers of a request can be told from ours by that alone. */
function signatureHeaderName(name: string): SignatureHeaderName | undefined {
  switch (name.length) {
    case 7:
      return matchName(name, 'svix-id');
    case 10:
      return matchName(name, 'webhook-id');
    case 14:
      return matchName(name, 'svix-timestamp') ?? matchName(name, 'svix-signature');
    case 17:
      return matchName(name, 'webhook-timestamp') ?? matchName(name, 'webhook-signature');
    case 18:
      return matchName(name, 'scalekit-signature');
    case 20:
      return matchName(name, 'x-scalekit-signature');
    default:
      return undefined;
  }
}

function matchName<Name extends SignatureHeaderName>(name: string, candidate: Name): Name | undefined {
  return name === candidate || equalsIgnoringAsciiCase(name, candidate) ? candidate : undefined;
}

/** `toLowerCase` makes a `k` of the Kelvin sign, too; header names are ASCII. */
function equalsIgnoringAsciiCase(name: string, lowerCase: string): boolean {
  for (let i = 0; i < lowerCase.length; i++) {
    const code = name.charCodeAt(i);
    const isUpperCase = code >= 65 && code <= 90;
    if ((isUpperCase ? code + 32 : code) !== lowerCase.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

function merge(current: HeaderValue, added: unknown): HeaderValue {
  const value = normalise(added);
  if (current === undefined || value === undefined) {
    return current ?? value;
  }
  return { firstValue: typeof current === 'string' ? current : current.firstValue };
}

function normalise(value: unknown): HeaderValue {
  if (typeof value === 'string') {
    return value;
  }
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!Array.isArray(value)) {
    return { firstValue: value };
  }
  if (value.length === 0) {
    return undefined;
  }
  const firstValue: unknown = value[0];
  return value.length === 1 && typeof firstValue === 'string' ? firstValue : { firstValue };
}
