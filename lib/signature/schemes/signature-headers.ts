import type { WebhookHeaders, WebhookHeadersLike } from '../webhook-headers.js';
import { addValue, type HeaderValue } from './header-value.js';

/** `webhook-*` or `svix-*`. */
export interface HeaderTrio {
  id: HeaderValue;
  timestamp: HeaderValue;
  signature: HeaderValue;
}

/** The headers that signatures are made of. */
export interface SignatureHeaders {
  webhook: HeaderTrio;
  svix: HeaderTrio;
  scalekitSignature: HeaderValue;
  xScalekitSignature: HeaderValue;
}

const NAMES = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'svix-id',
  'svix-timestamp',
  'svix-signature',
  'scalekit-signature',
  'x-scalekit-signature',
] as const;

type SignatureHeaderName = (typeof NAMES)[number];

const NAME_AS_WRITTEN: ReadonlyMap<string, SignatureHeaderName> = new Map(NAMES.map((name) => [name, name]));

/** Names of one length happen to share their first letter: enough to tell most headers of a request from ours. */
const FIRST_LETTER_BY_LENGTH = new Uint8Array(32);
for (const name of NAMES) {
  FIRST_LETTER_BY_LENGTH[name.length] = name.charCodeAt(0);
}
const LOWER_CASE_BIT = 0x20;

/**
 * Takes the headers that signatures are made of out of all others. Every name is looked at, so that a second
 * `Webhook-Signature` beside `webhook-signature` is noticed. Throws whatever a getter or proxy throws.
 */
export function collectSignatureHeaders(headers: WebhookHeaders): SignatureHeaders {
  const found: SignatureHeaders = {
    webhook: { id: undefined, timestamp: undefined, signature: undefined },
    svix: { id: undefined, timestamp: undefined, signature: undefined },
    scalekitSignature: undefined,
    xScalekitSignature: undefined,
  };
  if (isHeadersLike(headers)) {
    for (const [anyCase, value] of headers.entries()) {
      const name = signatureHeaderName(anyCase);
      if (name) {
        add(found, name, value);
      }
    }
    return found;
  }
  for (const anyCase in headers) {
    const name = signatureHeaderName(anyCase);
    // Inside a for-in, V8 answers this from the loop's own cache, and `Object.hasOwn` the slow way.
    if (name && Object.prototype.hasOwnProperty.call(headers, anyCase)) {
      add(found, name, headers[anyCase]);
    }
  }
  return found;
}

function isHeadersLike(headers: WebhookHeaders): headers is WebhookHeadersLike {
  return typeof headers.entries === 'function' && typeof headers.get === 'function';
}

function signatureHeaderName(anyCase: string): SignatureHeaderName | undefined {
  const mayBeOurs = (anyCase.charCodeAt(0) | LOWER_CASE_BIT) === FIRST_LETTER_BY_LENGTH[anyCase.length];
  return mayBeOurs
    ? (NAME_AS_WRITTEN.get(anyCase) ?? NAMES.find((name) => equalsIgnoringAsciiCase(anyCase, name)))
    : undefined;
}

function add(found: SignatureHeaders, name: SignatureHeaderName, value: unknown): void {
  switch (name) {
    case 'webhook-id':
      found.webhook.id = addValue(found.webhook.id, value);
      break;
    case 'webhook-timestamp':
      found.webhook.timestamp = addValue(found.webhook.timestamp, value);
      break;
    case 'webhook-signature':
      found.webhook.signature = addValue(found.webhook.signature, value);
      break;
    case 'svix-id':
      found.svix.id = addValue(found.svix.id, value);
      break;
    case 'svix-timestamp':
      found.svix.timestamp = addValue(found.svix.timestamp, value);
      break;
    case 'svix-signature':
      found.svix.signature = addValue(found.svix.signature, value);
      break;
    case 'scalekit-signature':
      found.scalekitSignature = addValue(found.scalekitSignature, value);
      break;
    case 'x-scalekit-signature':
      found.xScalekitSignature = addValue(found.xScalekitSignature, value);
      break;
  }
}

/** `toLowerCase` makes a `k` of the Kelvin sign, too; header names are ASCII. */
function equalsIgnoringAsciiCase(anyCase: string, lowerCase: string): boolean {
  if (anyCase.length !== lowerCase.length) {
    return false;
  }
  for (let i = 0; i < lowerCase.length; i++) {
    const code = anyCase.charCodeAt(i);
    const isUpperCase = code >= 65 && code <= 90;
    if ((isUpperCase ? code | LOWER_CASE_BIT : code) !== lowerCase.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}
