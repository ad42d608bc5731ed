import type { ScalekitEnvelope } from './envelope.js';
import { readOccurredAt } from './occurred-at.js';

/** The digits of a second's fraction that a `Date` drops: the fourth to the ninth. */
const BELOW_MILLISECONDS = /\.\d{3}(\d{1,6})/;

/**
 * When an event happened, in nanoseconds since 1970-01-01T00:00:00Z, or undefined if its envelope does not tell (or
 * tells what is no date).
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
