import type { ScalekitEventsClient } from './events-client.js';
import type { CatchUpProgress } from './report.js';

/**
 * Fetches events that the sender gave up on from Scalekit's API, and has them handled as if they had been delivered.
 *
 * @see docs/catch-up.md
 * @publicApi
 */
export interface CatchUpOptions {
  /**
   * What lists the events: `new ScalekitClient(envUrl, clientId, clientSecret)` of `@scalekit-sdk/node` 2.11.0 or later,
   * for the environment whose webhooks this endpoint receives.
   */
  readonly client: ScalekitEventsClient;

  /**
   * How often events are listed, in seconds, by one process of all that share the store. With 0 only
   * `ScalekitWebhookService.catchUp()` lists them.
   *
   * @default 300
   */
  readonly every?: number;

  /**
   * How far each run reaches back behind the point that the last one had reached, in seconds: for events that come to
   * Scalekit's log late, and for clocks that differ.
   *
   * @default 3_600
   */
  readonly overlap?: number;

  /**
   * Where the very first run begins. Later ones go on where the last one ended.
   *
   * @default the time of the first start: nothing from before is handled
   */
  readonly since?: Date;

  /**
   * Which types are listed: those that handlers listen to, or fewer. Set it if a handler listens to `*` and the
   * dashboard sends only some types to this endpoint: the log has all.
   *
   * @default 'subscribed'
   */
  readonly types?: 'subscribed' | readonly string[];

  /**
   * The greatest age of an event that is still handled, in seconds. At most `idempotency.ttlSeconds`: of older events
   * the store no longer knows whether they were handled.
   *
   * @default idempotency.ttlSeconds
   */
  readonly maxAge?: number;

  /**
   * Hands events on although none that came by webhook was found in the list yet, or one differed. Only for those who
   * know that Scalekit's API and webhooks give their events the same ids.
   *
   * @default false
   */
  readonly assumeSameIds?: boolean;
}

/**
 * What is to be caught up.
 *
 * @publicApi
 */
export interface CatchUpRunOptions {
  /**
   * Where to begin.
   *
   * @default where the last run ended, minus the overlap
   */
  readonly since?: Date;
  /**
   * Only reports what is missing.
   *
   * @default false
   */
  readonly dryRun?: boolean;
  /**
   * Says that this application has handled none of the events since then: `since` may be longer ago than
   * `idempotency.ttlSeconds`. Events that were handled, and that the store has forgotten, would be handled again.
   *
   * @default false
   */
  readonly firstImport?: boolean;
  /** Called as the run moves on. */
  readonly onProgress?: (progress: CatchUpProgress) => void;
  /** Ends the run. A later one with the same `since` goes on where it ended. */
  readonly signal?: AbortSignal;
}

/** In seconds. */
export const CATCH_UP_DEFAULTS = { every: 300, overlap: 3_600 } as const;

const MAX_SECONDS = 366 * 86_400;

/** Says what is wrong with the option; the text follows the name of the option. */
export function catchUpFault(value: unknown, ttlSeconds: number): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return 'must be an object such as { client: new ScalekitClient(…) }.';
  }
  const { client, every, overlap, since, types, maxAge, assumeSameIds, ...others } = value as Record<
    keyof CatchUpOptions,
    unknown
  >;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    return `has no option ${unknown}: check its spelling, or leave it out.`;
  }
  if (!listsEvents(client)) {
    return (
      'needs as client a ScalekitClient of @scalekit-sdk/node 2.11.0 or later: what it was given has no ' +
      'events.listEventsPaginated().'
    );
  }
  const faults = [
    numberFault('every', every, 0, MAX_SECONDS) ??
      (isBetween(every, 1, 9) ? 'every must be 0, or at least 10.' : undefined),
    numberFault('overlap', overlap, 60, ttlSeconds),
    numberFault('maxAge', maxAge, 60, ttlSeconds),
    since === undefined || isDate(since) ? undefined : 'since must be a valid Date.',
    types === undefined || types === 'subscribed' || isTypes(types)
      ? undefined
      : "types must be 'subscribed' or a list of types, without *.",
    assumeSameIds === undefined || typeof assumeSameIds === 'boolean'
      ? undefined
      : 'assumeSameIds must be true or false.',
  ].filter((fault) => fault !== undefined);
  return faults.length > 0 ? `is not usable: ${faults.join(' ')}` : undefined;
}

function listsEvents(client: unknown): boolean {
  const { events } = (client ?? {}) as { events?: unknown };
  const { listEventsPaginated } = (events ?? {}) as { listEventsPaginated?: unknown };
  return typeof listEventsPaginated === 'function';
}

function numberFault(name: string, value: unknown, min: number, max: number): string | undefined {
  return value === undefined || isBetween(value, min, max)
    ? undefined
    : `${name} must be a whole number from ${min} to ${max} (seconds).`;
}

function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function isTypes(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (type) => typeof type === 'string' && type.trim() === type && type !== '' && !type.includes('*'),
    )
  );
}
