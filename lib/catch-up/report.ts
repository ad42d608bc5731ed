/** How many, by what. At most 1,000 of each; further ones are counted as `…`. */
export type Counts = Readonly<Record<string, number>>;

/**
 * What a run of catching up found, and did.
 *
 * @publicApi
 */
export interface CatchUpReport {
  /** True where nothing was handed on: it was asked for, or `ids` does not allow it. */
  readonly dryRun: boolean;
  /**
   * Whether the API's ids and data are those of the webhooks: an event that came by webhook was found, equal
   * (`proven`); none came or was found yet (`unproven`); one was not there or not equal (`differ`); or `assumeSameIds`.
   */
  readonly ids: 'proven' | 'unproven' | 'differ' | 'assumed';
  readonly from: Date;
  /** Where the run ended: two minutes ago at the latest, since the sender is left that time. */
  readonly to: Date;
  /** Events in the list. */
  readonly listed: number;
  /** Of these, how many were finished or queued here already. */
  readonly received: number;
  /** How many were not. Those of a real run are `caughtUp`, `failed`, `waiting` or `refused` now. */
  readonly missed: {
    readonly total: number;
    readonly byType: Counts;
    readonly byOrganization: Counts;
    /** UTC, such as `2026-11-26`. */
    readonly byDay: Counts;
  };
  /** Older than `idempotency.ttlSeconds`: nobody can tell whether they were handled. */
  readonly forgotten: number;
  /** Handled, or safely queued. */
  readonly caughtUp: number;
  /** A handler failed; a later run tries again. */
  readonly failed: number;
  /** Somebody else works on it, or an earlier run failed and it is not its time yet. */
  readonly waiting: number;
  /** No event of this endpoint: another environment, or no envelope. */
  readonly refused: number;
  /** Ids that came by webhook and are not in the list; of the few that are looked for. */
  readonly onlyHere: readonly string[];
  /** Calls to the API. */
  readonly calls: number;
}

/**
 * How far a run has come.
 *
 * @publicApi
 */
export interface CatchUpProgress {
  readonly from: Date;
  readonly to: Date;
  /** Everything up to here is done. */
  readonly until: Date;
  readonly listed: number;
  readonly caughtUp: number;
}

/**
 * Name of the channel of `node:diagnostics_channel` that tells of each run that this package began by itself: its messages
 * are `CatchUpMessage`s.
 *
 * @publicApi
 */
export const CATCH_UP_CHANNEL = 'nestjs-scalekit-webhooks:catch-up';

/**
 * The end of a run: ids, numbers and codes, never a value of a payload. How far behind the endpoint is, `report.to` says:
 * everything up to then is finished, queued, or tried again later.
 *
 * @publicApi
 */
export type CatchUpMessage = {
  /** Identifies the Nest application: several may run in one process. */
  readonly application: string;
  readonly endpoint: string;
} & (
  | { readonly stage: 'ended'; readonly report: CatchUpReport }
  /** `reason` is the error's code, or `failed`. */
  | { readonly stage: 'interrupted'; readonly reason: string }
);

/** What was found and done, in numbers. */
export interface RunCounts {
  listed: number;
  received: number;
  forgotten: number;
  caughtUp: number;
  failed: number;
  waiting: number;
  refused: number;
}

export function noCounts(): RunCounts {
  return { listed: 0, received: 0, forgotten: 0, caughtUp: 0, failed: 0, waiting: 0, refused: 0 };
}

const MAX_NAMES = 1_000;

/** Counts without growing for ever. */
export class Tally {
  total = 0;
  private readonly counts = {
    byType: new Map<string, number>(),
    byOrganization: new Map<string, number>(),
    byDay: new Map<string, number>(),
  };

  add(type: string, organization: string | undefined, atSeconds: number): void {
    this.total++;
    const day = new Date(atSeconds * 1_000).toISOString().slice(0, 'yyyy-mm-dd'.length);
    increase(this.counts.byType, type);
    increase(
      this.counts.byOrganization,
      organization === undefined || organization === '' ? '(none)' : organization,
    );
    increase(this.counts.byDay, day);
  }

  result(): CatchUpReport['missed'] {
    const { byType, byOrganization, byDay } = this.counts;
    return {
      total: this.total,
      byType: Object.fromEntries(byType),
      byOrganization: Object.fromEntries(byOrganization),
      byDay: Object.fromEntries(byDay),
    };
  }
}

function increase(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < MAX_NAMES ? name : '…';
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
