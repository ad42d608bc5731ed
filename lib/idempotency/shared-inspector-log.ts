import type { InspectorEntry, InspectorPage, KeptEntry } from './inspector-log.js';

/** How long a store keeps entries, where fewer than the capacity come, in milliseconds. */
export const ENTRIES_KEPT_MS = 7 * 24 * 3_600_000;
/** How many buckets of a length a store keeps of each process: a day of five minutes. */
export const KEPT_BUCKETS = 300;

export const GAP: InspectorPage = { entries: [], position: undefined, isGap: true };

/** Positions are the server's time in microseconds, and count on where several entries come in one. */
export function isPosition(after: string | undefined): boolean {
  return after === undefined || /^\d{1,16}$/.test(after);
}

/**
 * @param gone the last position that has gone; undefined where nothing is kept
 * @param position of the last entry that was read; undefined where there was none
 */
export function pageAfter(
  after: string | undefined,
  gone: number | undefined,
  position: string | undefined,
  entries: readonly InspectorEntry[],
): InspectorPage {
  const isGap = after !== undefined && (gone === undefined || Number(after) < gone);
  return isGap ? GAP : { entries, position: position ?? after, isGap };
}

/** The calls of an event, oldest first, among entries in which its id was found. */
export function callsAmong(
  entries: readonly KeptEntry[],
  endpoint: string,
  eventId: string,
): readonly KeptEntry[] {
  const startOf = ({ entry }: KeptEntry) => (entry.kind === 'call' ? entry.startedAt : 0);
  return entries
    .filter(({ entry }) => entry.kind === 'call' && entry.endpoint === endpoint && entry.eventId === eventId)
    .sort((one, other) => startOf(one) - startOf(other));
}
