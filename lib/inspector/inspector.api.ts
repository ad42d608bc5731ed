import type { DeliveryOutcome } from '../answers/delivery-outcome.js';
import type { FailedEvent } from '../dispatch/event-dispatcher.js';
import type { CallEntry, DeliveryEntry, EntryDetail } from '../idempotency/inspector-log.js';

export type * from '../idempotency/inspector-log.js';

/**
 * What the inspector answers as JSON, for its page and for the command. All addresses are relative to the inspector's
 * own: `GET api/state`, `GET api/entries` (server-sent events), `GET api/deliveries?key=`, `GET api/stats?window=`,
 * `GET api/failed?…`, `POST api/failed/replay?…`, `POST api/failed/discard?…`.
 */

/** `GET api/deliveries?key=`: everything that is kept of one delivery. 404 where it has gone. */
export interface DeliveryAnswer {
  readonly delivery: DeliveryEntry;
  readonly detail: EntryDetail;
  /** Oldest first. */
  readonly calls: readonly { readonly call: CallEntry; readonly detail: EntryDetail }[];
}

/**
 * `GET api/entries`: an event `entries` with an array of `InspectorEntry`, oldest change first; its `id` is where to resume. First
 * comes what is kept, then what changes. `Last-Event-ID`, or `?after=`, resumes; an id that has gone starts anew with an
 * event `reset`.
 */
export const ENTRIES_EVENT = 'entries';
export const RESET_EVENT = 'reset';

/** `GET api/state`. */
export interface InspectorState {
  readonly showPayloads: boolean;
  /** How many entries are kept. */
  readonly capacity: number;
  /** Whether the entries of all processes are seen, or of this one only. */
  readonly isShared: boolean;
  /** Why the log of all processes can't be used now; undefined while it can. */
  readonly trouble?: string;
  /** Processes that have written within the last minute. */
  readonly processes: readonly string[];
  readonly endpoints: readonly EndpointView[];
}

export interface EndpointView {
  readonly name: string;
  readonly path: string;
  readonly role: string;
  readonly dispatcher: string;
  readonly store: string;
  readonly schemes: readonly string[];
  /** Handlers and the patterns that each listens to. */
  readonly handlers: readonly { readonly name: string; readonly patterns: readonly string[] }[];
  /** Every known type that a handler listens to. */
  readonly subscribedTypes: readonly string[];
  /** Types that came in the last 24 hours, and how often. */
  readonly receivedTypes: Readonly<Record<string, number>>;
  readonly seenSchemes: Readonly<Record<string, number>>;
  /** Position of the secret that verified last, from 0, and of how many. */
  readonly lastSecret?: { readonly position: number; readonly of: number; readonly at: number };
  /** The sender's clock minus ours, of the last deliveries, in milliseconds. */
  readonly clockMs?: { readonly min: number; readonly max: number };
  readonly hasFailed: boolean;
  readonly catchUp?: CatchUpView;
}

export interface CatchUpView {
  readonly lastRunAt?: number;
  /** `running`, `reporting`, `caught up`, or the code of the error that stopped it. */
  readonly status: string;
  /** How many events it has handled in this process. */
  readonly handled: number;
  /** Milliseconds from the watermark to now. */
  readonly lagMs?: number;
}

/** `GET api/stats?window=15m` or `24h`. All arrays have one place a bucket, oldest first. */
export interface InspectorStats {
  readonly window: '15m' | '24h';
  readonly bucketMs: number;
  /** Beginning of each bucket, milliseconds since 1970. */
  readonly at: readonly number[];
  readonly outcomes: Readonly<Record<DeliveryOutcome, readonly number[]>>;
  /** Answer time in milliseconds; null where nothing was answered. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

/** `GET api/failed?endpoint=&type=&handler=&organization=&since=&until=&cursor=&limit=`. Times are ISO 8601. */
export interface FailedAnswer {
  readonly events: readonly (Omit<FailedEvent, 'failedAt'> & { readonly failedAt: string })[];
  readonly cursor?: string;
}

/**
 * `POST api/failed/replay?endpoint=&id=&all=` and `POST api/failed/discard?endpoint=&id=`, without a body. Refused with 403
 * unless `Sec-Fetch-Site` is `same-origin`; where a browser sends none, unless `Origin` has our host; where there is neither, unless
 * the header `x-scalekit-inspector: 1` is there.
 */
export interface FailedActionAnswer {
  /** How many handlers were queued or run again, or how many failures were discarded. */
  readonly count: number;
}
