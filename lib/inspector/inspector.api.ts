import type { DeliveryOutcome } from '../answers/answers.js';
import type { FailedEvent } from '../dispatch/event-dispatcher.js';
import type { HandlerFailure } from '../telemetry/lifecycle.messages.js';

/**
 * What the inspector answers as JSON, for its page and for the command. All addresses are relative to the inspector's
 * own: `GET api/state`, `GET api/entries` (server-sent events), `GET api/deliveries?key=`, `GET api/stats?window=`,
 * `GET api/failed?…`, `POST api/failed/replay?…`, `POST api/failed/discard?…`.
 */

/** One delivery. Sent again, with the same `key`, when more is known of it. */
export interface DeliveryEntry {
  readonly kind: 'delivery';
  /** Unique among all processes. */
  readonly key: string;
  /** `host:pid` of the process that received it. */
  readonly process: string;
  readonly endpoint: string;
  readonly source: 'webhook' | 'catch-up';
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** This and the next five are undefined until the delivery is verified. */
  readonly eventId?: string;
  readonly type?: string;
  readonly organizationId?: string;
  readonly deliveryId?: string;
  readonly scheme?: string;
  readonly attempt?: number;
  /** Undefined while the delivery is not answered. */
  readonly outcome?: DeliveryOutcome;
  readonly reason?: string;
  readonly status?: number;
  readonly durationMs?: number;
  /** Milliseconds from `receivedAt`: when its bytes were read, its signature verified, its event claimed. */
  readonly readMs?: number;
  readonly verifiedMs?: number;
  readonly claimedMs?: number;
}

/** One call of a handler, in whatever process. It belongs to the deliveries of the same endpoint and event. */
export interface CallEntry {
  readonly kind: 'call';
  readonly key: string;
  readonly process: string;
  readonly endpoint: string;
  readonly eventId: string;
  readonly type: string;
  readonly organizationId?: string;
  readonly handler: string;
  /** From 1. */
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** From the arrival of the event to the start, where it was queued. */
  readonly queuedMs?: number;
  readonly stage: 'running' | 'completed' | 'failed' | 'given_up';
  readonly durationMs?: number;
  readonly error?: HandlerFailure;
}

export type InspectorEntry = DeliveryEntry | CallEntry;

/** What is too large for the list: fetched for one entry. */
export interface EntryDetail {
  /** Of a delivery: the headers of signatures, content and user agent. Signatures are shortened. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly size?: number;
  /** Which secret of the list verified it, from 0. */
  readonly secret?: number;
  /** The sender's clock minus ours, in milliseconds. */
  readonly clockMs?: number;
  /** The event as JSON text; only with `showPayloads`, and without secrets. */
  readonly payload?: string;
  /** Of a call that failed: message and stack of the error and of its causes, without values of the payload. */
  readonly error?: string;
}

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

/**
 * Where entries are kept: in memory, or in a store for all processes. Both are bounded.
 */
export interface InspectorLog {
  /** Whether several processes write to it. */
  readonly isShared: boolean;
  /** Keeps entries as the newest ones; an entry of the same key is replaced, and a detail that is undefined stays. */
  append(entries: readonly KeptEntry[]): Promise<void>;
  /** What was appended after a position, oldest first; undefined reads all. `isGap` tells that what came after the position has gone in part. */
  read(after: string | undefined, limit: number): Promise<InspectorPage>;
  detail(key: string): Promise<KeptEntry | undefined>;
  /** The calls of an event, oldest first. */
  callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]>;
  /** Replaces what this process has counted in a bucket. */
  count(process: string, bucket: CountBucket): Promise<void>;
  /** What all processes have counted since a time. */
  counts(bucketMs: number, since: number): Promise<readonly CountBucket[]>;
  close?(): Promise<void>;
}

export interface KeptEntry {
  readonly entry: InspectorEntry;
  readonly detail?: EntryDetail;
}

export interface InspectorPage {
  readonly entries: readonly InspectorEntry[];
  /** Position of the last one. */
  readonly position: string | undefined;
  readonly isGap: boolean;
}

/** What one process has counted between `at` and `at + bucketMs`. */
export interface CountBucket {
  readonly at: number;
  readonly bucketMs: number;
  /** By endpoint, then by what: `outcome:handled`, `type:user.created`, `scheme:standard`, `ms:<index of the histogram>`. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
