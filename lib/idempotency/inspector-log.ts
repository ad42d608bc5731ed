import type { DeliveryFacts, HandlerFacts } from '../telemetry/lifecycle.messages.js';

/** One delivery. Sent again, with the same `key`, when more is known of it. */
export interface DeliveryEntry extends Omit<DeliveryFacts, 'application'> {
  readonly kind: 'delivery';
  /** Unique among all processes. */
  readonly key: string;
  /** `host:pid` of the process that received it. */
  readonly process: string;
  /** Milliseconds from `receivedAt`: when its bytes were read, its signature verified, its event claimed. */
  readonly readMs?: number | undefined;
  readonly verifiedMs?: number | undefined;
  readonly claimedMs?: number | undefined;
}

/** One call of a handler, in whatever process. It belongs to the deliveries of the same endpoint and event. */
export interface CallEntry extends Omit<HandlerFacts, 'application' | 'deliveryId'> {
  readonly kind: 'call';
  readonly key: string;
  readonly process: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly stage: 'running' | 'completed' | 'failed' | 'given_up';
}

export type InspectorEntry = DeliveryEntry | CallEntry;

/** What is too large for the list: fetched for one entry. */
export interface EntryDetail {
  /** Of a delivery: the headers of signatures, content and user agent. Signatures are shortened. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Bytes of the body. */
  readonly size?: number | undefined;
  /** Which secret of the list verified it, from 0. */
  readonly secret?: number | undefined;
  /** The sender's clock minus ours, in milliseconds. */
  readonly clockMs?: number | undefined;
  /** The event as JSON text; only with `showPayloads`, and without secrets. */
  readonly payload?: string | undefined;
  /** Of a call that failed: message and stack of the error and of its causes, without values of the payload. */
  readonly error?: string | undefined;
}

/**
 * Where entries are kept: in memory, or in a store for all processes. Both are bounded. Calls reject where the store can't
 * answer.
 */
export interface InspectorLog {
  /** Whether several processes write to it. */
  readonly isShared: boolean;
  /** Keeps entries, of which no two have the same key, as the newest ones; earlier ones of the same keys are replaced. */
  append(entries: readonly RecordedEntry[]): Promise<void>;
  /**
   * What was appended after a position, oldest first; undefined reads all. `isGap` tells that what came after the
   * position has gone in part, or that the text is no position: read all again.
   */
  read(after: string | undefined, limit: number): Promise<InspectorPage>;
  detail(key: string): Promise<KeptEntry | undefined>;
  /** The calls of an event, oldest first. */
  callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]>;
  /** Replaces what the process of the bucket has counted in it before. */
  count(bucket: CountBucket): Promise<void>;
  /** What each process has counted in buckets of that length that began at that time or later, in no order. */
  counts(bucketMs: number, since: number): Promise<readonly CountBucket[]>;
}

export interface KeptEntry {
  readonly entry: InspectorEntry;
  readonly detail?: EntryDetail | undefined;
}

/**
 * Its entry and its detail may be made when they are read, and tell what is known by then. One process appends the same
 * object again when more is known.
 */
export interface RecordedEntry extends KeptEntry {
  readonly key: string;
  /** Set by the log in memory: where it has the entry. */
  position?: number | undefined;
}

export interface InspectorPage {
  readonly entries: readonly InspectorEntry[];
  /** Where to go on reading. Undefined where nothing is kept, or after a gap. */
  readonly position: string | undefined;
  readonly isGap: boolean;
}

/** What one process has counted between `at` and `at + bucketMs`. */
export interface CountBucket {
  /** `host:pid`. */
  readonly process: string;
  readonly at: number;
  readonly bucketMs: number;
  /**
   * By endpoint, then by what: `outcome:handled`, `type:user.created`, `scheme:standard`, `secret:<position>/<of>`,
   * `clock:<seconds>`, `ms:<index of the histogram>`. A process that counted nothing has no endpoints.
   */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface InspectorLogOptions {
  /** Processes with the same scope share a log. */
  readonly scope: string;
  /** How many entries are kept: the oldest ones go first. */
  readonly capacity: number;
}

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
