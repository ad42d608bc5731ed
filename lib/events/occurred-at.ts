import type { ScalekitEnvelope } from './envelope.js';

/** When an event happened, according to its envelope. */
export interface OccurredAt {
  /** The date, to the millisecond (finer digits are cut off), or undefined if there is none. */
  readonly date: Date | undefined;
  /** The field whose value is not a date. It is logged, and is never a reason to refuse the event (E6). */
  readonly invalidField: 'occurred_at' | 'created' | undefined;
}

// RFC 3339, the schemas' `date-time`. Beyond it: no seconds and no colon in the offset, as Java writers leave them
// out. An offset is needed, else the date would depend on the time zone of this machine.
const DATE_TIME =
  /^(\d{4}-\d{2}-)(\d{2})T((?:[01]\d|2[0-3]):\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))$/i;

/**
 * Reads `occurred_at`, or `created` of an envelope that has no `occurred_at`. Null counts as absent. If `occurred_at`
 * is not a date, `created` is not used instead: the two may mean different moments.
 */
export function readOccurredAt(envelope: ScalekitEnvelope): OccurredAt {
  for (const field of ['occurred_at', 'created'] as const) {
    const value = Object.hasOwn(envelope, field) ? envelope[field] : undefined;
    if (value === undefined || value === null) continue;

    const date = typeof value === 'string' ? parseDateTime(value) : undefined;
    return { date, invalidField: date === undefined ? field : undefined };
  }
  return { date: undefined, invalidField: undefined };
}

function parseDateTime(text: string): Date | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, month = '', day = '', minute = '', second = '00', fraction = '0', sign, hours, minutes] = match;

  const time = Date.parse(`${month}${day}T${minute}:${second}.${fraction.slice(0, 3)}Z`);
  // `Date` rolls 30 February over to 1 March.
  if (new Date(time).getUTCDate() !== Number(day)) return undefined;

  if (sign === undefined) return new Date(time);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return new Date(sign === '-' ? time + offset : time - offset);
}

/** The digits of a second's fraction that a `Date` drops: the fourth to the ninth. */
const BELOW_MILLISECONDS = /\.\d{3}(\d{1,6})/;

/**
 * When an event happened, in nanoseconds since 1970-01-01T00:00:00Z, or undefined if its envelope has no date
 * (or no valid one).
 *
 * Scalekit sends up to nine digits of a second and a `Date` holds three. With all of them, events of one millisecond
 * can be put in order, and the newest state of a record told from an older one that arrives late.
 *
 * @publicApi
 */
export function occurredAtNanos(event: {
  readonly type: string;
  readonly occurred_at?: unknown;
  readonly created?: unknown;
}): bigint | undefined {
  const { date } = readOccurredAt(event as unknown as ScalekitEnvelope);
  if (date === undefined) return undefined;

  const [, digits = ''] = BELOW_MILLISECONDS.exec(String(event.occurred_at ?? event.created)) ?? [];
  return BigInt(date.getTime()) * 1_000_000n + BigInt(digits.padEnd(6, '0'));
}
