export const MOMENTS = '30d, 12h, 90m, or a date such as 2026-11-01';

const MINUTE = 60_000;
const UNITS: Readonly<Record<string, number>> = { d: 1_440 * MINUTE, h: 60 * MINUTE, m: MINUTE };

/** `Date.parse` takes `1w` for January 2001. */
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]|$)/;

/** Milliseconds since 1970: so long ago, or a date. NaN for any other text. */
export function momentOf(text: string, now = Date.now()): number {
  const [, count, unit = ''] = /^(\d{1,6})([dhm])$/.exec(text) ?? [];
  if (count !== undefined) {
    return now - Number(count) * (UNITS[unit] ?? NaN);
  }
  return DATE.test(text) ? Date.parse(text) : NaN;
}
