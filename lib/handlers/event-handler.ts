import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';

/**
 * How often a failing handler of a queued event is tried, and when. Inline neither option has an effect: the sender
 * retries, by its own schedule, until it gives up.
 *
 * @publicApi
 */
export interface HandlerRetry {
  /**
   * How many times the handler is tried, the first included, before its event is a dead letter. A `RetryLaterError`
   * counts; waiting for the store, for another process or for a shutdown doesn't.
   *
   * @default what the dispatcher says
   */
  readonly attempts?: number;
  /**
   * How long to wait before the next attempt, unless the handler says it with a `RetryLaterError`.
   *
   * @default what the dispatcher says
   */
  readonly backoff?: HandlerBackoff;
}

/** @publicApi */
export interface HandlerBackoff {
  /**
   * `fixed` waits for `delayMs` each time. `exponential` doubles the delay with each attempt, up to a day, and waits for
   * a random part of it between a half and the whole, so that jobs that failed together don't come again together.
   */
  readonly type: 'exponential' | 'fixed';
  /** The first delay, in milliseconds. */
  readonly delayMs: number;
}

/** How the dispatcher runs a handler: what its decorator asks for. */
export interface HandlerOptions {
  readonly transactional?: boolean;
  readonly latestOnly?: (event: ScalekitEnvelope) => string | undefined;
  readonly retry?: HandlerRetry;
}

/** What one `@OnScalekitEvent()` asks for. */
export interface Subscription {
  /** Exact types, or patterns with `*`. At least one; the method runs once for an event, however many of them match. */
  readonly patterns: readonly string[];

  /** Only events of the endpoint with this name; of every endpoint if left out. */
  readonly endpoint?: string;

  /** The handler's name; `Class.method` if no subscription of the method has one. */
  readonly name?: string;

  /** How the method is run for these events. */
  readonly options?: HandlerOptions;
}

/** A decorated method, ready to be called. */
export interface EventHandler {
  /** Unique in the application: what the decorator says, or `Class.method`. Ledger, jobs and logs use it. */
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
  /** Of the subscription that the event matches. */
  readonly options: HandlerOptions;
  /**
   * Calls the method through its guards, pipes, interceptors and filters. A transaction is what `@EventTransaction()`
   * gives.
   *
   * @returns what the method returned, which may be a promise or an observable
   */
  invoke(event: ScalekitEnvelope, context: ScalekitEventContext, transaction?: unknown): unknown;
}

const LONGEST_DELAY_MS = 31_622_400_000;

/** Says what is wrong with a `backoff` of a handler or dispatcher; undefined if nothing is. */
export function backoffFault(backoff: unknown): string | undefined {
  const { type, delayMs } = (backoff ?? {}) as Partial<Record<keyof HandlerBackoff, unknown>>;
  const isRight =
    (type === 'exponential' || type === 'fixed') &&
    Number.isSafeInteger(delayMs) &&
    Number(delayMs) >= 0 &&
    Number(delayMs) <= LONGEST_DELAY_MS;
  return isRight
    ? undefined
    : "backoff must be { type: 'exponential' or 'fixed', delayMs: a whole number from 0 to 31622400000 (366 days) }.";
}
