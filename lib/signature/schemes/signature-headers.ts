/**
 * A Fetch `Headers`, of whatever realm or library.
 *
 * @publicApi
 */
export interface WebhookHeadersLike {
  get(name: string): string | null;
  entries(): Iterable<readonly [string, string]>;
}

/**
 * The headers of a delivery, names in any case: Node's `request.headers` or `request.headersDistinct`, any other
 * plain object, or a Fetch `Headers`. Of a plain object only its own enumerable properties are headers.
 *
 * @publicApi
 */
export type WebhookHeaders =
  Readonly<Record<string, string | readonly string[] | undefined>> | WebhookHeadersLike;

/** The names of the headers that signatures are made of. */
export const SIGNATURE_HEADERS = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'svix-id',
  'svix-timestamp',
  'svix-signature',
  'scalekit-signature',
  'x-scalekit-signature',
] as const;

export type SignatureHeaderName = (typeof SIGNATURE_HEADERS)[number];

/** A header that came more than once, or not as text. */
interface UnusableHeader {
  readonly firstValue: unknown;
}

/** Undefined where the header is absent. */
export type HeaderValue = string | UnusableHeader | undefined;

export type SignatureHeaders = Record<SignatureHeaderName, HeaderValue>;

const NAMES_IN_LOWER_CASE: ReadonlyMap<string, SignatureHeaderName> = new Map(
  SIGNATURE_HEADERS.map((name) => [name, name]),
);

/** Names of one length share their first letter. Length and first letter exclude most headers of a request. */
const FIRST_LETTER_BY_LENGTH = new Uint8Array(32);
for (const name of SIGNATURE_HEADERS) {
  FIRST_LETTER_BY_LENGTH[name.length] = name.charCodeAt(0);
}
const LOWER_CASE_BIT = 0x20;

/**
 * Picks the headers that signatures are made of. It looks at every name, so that a second `Webhook-Signature` beside
 * `webhook-signature` is noticed. Throws whatever a getter or proxy throws.
 */
export function collectSignatureHeaders(headers: WebhookHeaders): SignatureHeaders {
  const found: SignatureHeaders = {
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
    for (const [anyCase, value] of headers.entries()) {
      const name = signatureHeaderName(anyCase);
      if (name) {
        found[name] = addValue(found[name], value);
      }
    }
    return found;
  }
  for (const anyCase in headers) {
    const name = signatureHeaderName(anyCase);
    // Inside a for-in, V8 answers this from the loop's own cache, and `Object.hasOwn` the slow way.
    if (name && Object.prototype.hasOwnProperty.call(headers, anyCase)) {
      found[name] = addValue(found[name], headers[anyCase]);
    }
  }
  return found;
}

/**
 * True if the value begins with `prefix`. Of a repeated header the first value is looked at: Node joins most repeated
 * headers, and the joined text begins with the first value.
 */
export function startsWith(value: HeaderValue, prefix: string): boolean {
  const text = typeof value === 'object' ? value.firstValue : value;
  return typeof text === 'string' && text.startsWith(prefix);
}

function isHeadersLike(headers: WebhookHeaders): headers is WebhookHeadersLike {
  return typeof headers.entries === 'function' && typeof headers.get === 'function';
}

function signatureHeaderName(anyCase: string): SignatureHeaderName | undefined {
  const mayBeOurs = (anyCase.charCodeAt(0) | LOWER_CASE_BIT) === FIRST_LETTER_BY_LENGTH[anyCase.length];
  return mayBeOurs
    ? (NAMES_IN_LOWER_CASE.get(anyCase) ?? NAMES_IN_LOWER_CASE.get(toLowerCaseAscii(anyCase)))
    : undefined;
}

/** Header names are ASCII; `toLowerCase` also turns the Kelvin sign into a `k`. */
function toLowerCaseAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Adds one occurrence of a header; a second one makes the header unusable. */
function addValue(current: HeaderValue, added: unknown): HeaderValue {
  const value = toHeaderValue(added);
  if (current === undefined || value === undefined) {
    return current ?? value;
  }
  return { firstValue: typeof current === 'string' ? current : current.firstValue };
}

function toHeaderValue(value: unknown): HeaderValue {
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
