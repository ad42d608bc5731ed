import { WebhookVerificationError } from '../webhook-verification.error.js';

const MOST_DIGITS = 15;
const ZERO = 0x30;

/**
 * `/^\d{1,15}$/` (S5). No `parseInt`: it takes white space, signs and trailing letters, and so lets several texts be
 * one time.
 *
 * @returns unix seconds
 * @throws WebhookVerificationError `malformed_header`
 */
export function parseTimestamp(text: string): number {
  let seconds = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9 || i === MOST_DIGITS) {
      throw malformedTimestamp();
    }
    seconds = seconds * 10 + digit;
  }
  if (text === '') {
    throw malformedTimestamp();
  }
  return seconds;
}

/**
 * Where the part that begins at `start` ends. Lists are walked part by part: what `split` would make of a hostile
 * header is never held as a whole (S11).
 */
export function endOfPart(list: string, separator: string, start: number): number {
  const end = list.indexOf(separator, start);
  return end === -1 ? list.length : end;
}

function malformedTimestamp(): WebhookVerificationError {
  return new WebhookVerificationError(
    'malformed_header',
    'The timestamp of the signature is not a whole number of seconds in 1 to 15 decimal digits.',
  );
}
