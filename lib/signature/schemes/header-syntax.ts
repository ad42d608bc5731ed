import { WebhookVerificationError } from '../webhook-verification.error.js';

const TIMESTAMP = /^\d{1,15}$/;

/**
 * S5. No `parseInt`: it takes white space, signs and trailing letters, and so lets several texts be one time.
 *
 * @returns unix seconds
 * @throws WebhookVerificationError `malformed_header`
 */
export function parseTimestamp(text: string): number {
  if (!TIMESTAMP.test(text)) {
    throw new WebhookVerificationError(
      'malformed_header',
      'The timestamp of the signature is not a whole number of seconds in 1 to 15 decimal digits.',
    );
  }
  return Number(text);
}

/**
 * Where the part that begins at `start` ends. Lists are walked part by part: what `split` would make of a hostile
 * header is never held as a whole (S11).
 */
export function endOfPart(list: string, separator: string, start: number): number {
  const end = list.indexOf(separator, start);
  return end === -1 ? list.length : end;
}
