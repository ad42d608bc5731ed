import { WebhookVerificationError } from '../webhook-verification.error.js';

/** A header that came more than once, or not as text. */
interface UnusableHeader {
  readonly firstValue: unknown;
}

/** Undefined where the header is absent. */
export type HeaderValue = string | UnusableHeader | undefined;

/** The value of a header that has been seen before, or not, and is seen now. */
export function addValue(current: HeaderValue, added: unknown): HeaderValue {
  const value = toHeaderValue(added);
  if (current === undefined || value === undefined) {
    return current ?? value;
  }
  return { firstValue: typeof current === 'string' ? current : current.firstValue };
}

/**
 * A header that the deciding scheme can't do without.
 *
 * @param suffix of the name: apart from it, so that names are joined for an error alone
 * @throws WebhookVerificationError `missing_headers`, `malformed_header`
 */
export function requireText(value: HeaderValue, name: string, suffix = ''): string {
  if (typeof value === 'string') {
    return value;
  }
  throw value === undefined
    ? new WebhookVerificationError(
        'missing_headers',
        `The header ${name}${suffix} is missing: check that every proxy on the way passes it on.`,
      )
    : new WebhookVerificationError(
        'malformed_header',
        `The header ${name}${suffix} came more than once, or is no text: it must be one string.`,
      );
}

/** Of a repeated header the first value counts: joined, as Node joins most headers, its text begins so. */
export function startsWith(value: HeaderValue, prefix: string): boolean {
  const text = typeof value === 'object' ? value.firstValue : value;
  return typeof text === 'string' && text.startsWith(prefix);
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
