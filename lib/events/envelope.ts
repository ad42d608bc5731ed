import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * Says why a body is not an event.
 *
 * - `not_utf8`: bytes that are not valid UTF-8
 * - `not_json`: text that is not valid JSON
 * - `too_deep`: JSON nested deeper than 200 levels
 * - `not_an_envelope`: JSON without a proper `id`, `type` or `data`
 *
 * @publicApi
 */
export type EnvelopeErrorCode = 'not_utf8' | 'not_json' | 'too_deep' | 'not_an_envelope';

/**
 * A body that is not an event. Its message is answered to the sender (400) and logged, so it never quotes the body:
 * payloads hold personal data. It has no `cause`, because `JSON.parse` quotes its input.
 *
 * @publicApi
 */
export class EnvelopeError extends ScalekitWebhookError<EnvelopeErrorCode> {}

/**
 * What every event has, whatever its type: the parsed body itself, deeply frozen, unknown fields included.
 *
 * @publicApi
 */
export interface ScalekitEnvelope {
  /** Unique to the event, the same in each retry of its delivery: the key of the ledger. */
  readonly id: string;
  /** What happened, such as `user.created`. Types that this package does not know are passed on, too. */
  readonly type: string;
  /** The payload. Its shape depends on `type` and is not checked. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** The field `organization_id`, if it is a text that every store can keep (E4): it may be anything. */
export function organizationOf({
  organization_id: organizationId,
}: {
  readonly id: string;
  readonly organization_id?: unknown;
}): {
  organizationId?: string;
} {
  return typeof organizationId === 'string' && !/[\0\p{Surrogate}]/u.test(organizationId)
    ? { organizationId }
    : {};
}

const MAX_DEPTH = 200;
const MAX_NAME_LENGTH = 256;

// E2: `fatal` refuses invalid UTF-8; one leading BOM is dropped, and a second one is no JSON.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the envelope of an event from the raw body of a delivery, whose signature is verified already.
 *
 * - The bytes are valid UTF-8, with at most one leading byte order mark, and hold one JSON object.
 * - It nests at most 200 levels deep. The object itself is level 1 and an array or object directly in it level 2;
 *   strings, numbers, booleans and null are no level. A member whose name comes again in the same object does not
 *   count, because the last one wins.
 * - `id` and `type` are strings of 1 to 256 characters (UTF-16 code units), not only of white space, without control
 *   characters (U+0000 to U+001F, U+007F to U+009F) and without lone surrogates.
 * - `data` is an object.
 *
 * All else passes: unknown types, unknown fields, any payload. `__proto__` and `constructor` are fields like others.
 * The first of these rules that is broken decides about the error.
 *
 * @throws {EnvelopeError} if the body carries no event. Nothing else is thrown.
 *
 * @publicApi
 */
export function readEnvelope(rawBody: Uint8Array): ScalekitEnvelope {
  const body = parseJson(decodeUtf8(rawBody));
  if (!deepFreeze(body, MAX_DEPTH)) {
    throw new EnvelopeError('too_deep', `The body nests deeper than ${MAX_DEPTH} levels.`);
  }
  assertEnvelope(body);
  return body;
}

function decodeUtf8(rawBody: Uint8Array): string {
  try {
    return utf8.decode(rawBody);
  } catch {
    throw new EnvelopeError('not_utf8', 'The body is not valid UTF-8.');
  }
}

function parseJson(text: string): unknown {
  if (text === '') throw new EnvelopeError('not_json', 'The body is empty: a JSON object was expected.');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new EnvelopeError('not_json', 'The body is not valid JSON.');
  }
}

function assertEnvelope(body: unknown): asserts body is ScalekitEnvelope {
  if (!isObject(body)) {
    throw new EnvelopeError('not_an_envelope', `The body must be a JSON object: it is ${kindOf(body)}.`);
  }
  assertName(body, 'id');
  assertName(body, 'type');

  const data = ownField(body, 'data');
  if (!isObject(data)) {
    throw new EnvelopeError('not_an_envelope', `"data" must be an object: it is ${kindOf(data)}.`);
  }
}

function assertName(body: Record<string, unknown>, field: 'id' | 'type'): void {
  const fault = faultOfName(ownField(body, field));
  if (fault === undefined) return;
  throw new EnvelopeError(
    'not_an_envelope',
    `"${field}" must be a string of 1 to ${MAX_NAME_LENGTH} characters, not only white space, ` +
      `without control characters or lone surrogates: ${fault}.`,
  );
}

/** E4: PostgreSQL refuses U+0000 and jsonb lone surrogates; what a store cannot keep would be retried in vain. */
function faultOfName(name: unknown): string | undefined {
  if (typeof name !== 'string') return `it is ${kindOf(name)}`;
  if (name === '') return 'it is empty';
  if (name.length > MAX_NAME_LENGTH) return `it has ${name.length} characters`;
  if (/\p{Control}/u.test(name)) return 'it has a control character';
  if (/\p{Surrogate}/u.test(name)) return 'it has a lone surrogate';
  if (name.trim() === '') return 'it is only white space';
  return undefined;
}

/** E7: what a prototype has is no field of the body, even if an app pollutes `Object.prototype`. */
function ownField(body: Record<string, unknown>, field: string): unknown {
  return Object.hasOwn(body, field) ? body[field] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * Freezes a parsed JSON value and everything in it. Returns false, with the value partly frozen, if it nests deeper than
 * `maxDepth`: an object or array is one level, each object or array directly in it one level more.
 *
 * The recursion stops at `maxDepth`, so keep that far below what the stack holds.
 */
export function deepFreeze(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (maxDepth === 0) return false;

  // From the inside out: V8 lists the values of an object faster before it is frozen.
  const children: unknown[] = Object.values(value);
  for (const child of children) {
    if (!deepFreeze(child, maxDepth - 1)) return false;
  }
  Object.freeze(value);
  return true;
}
