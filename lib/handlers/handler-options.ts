import type { ScalekitEnvelope } from '../events/envelope.js';

/**
 * How often a failing handler of a queued event is tried, and when.
 *
 * @publicApi
 */
export interface HandlerRetry {
  /**
   * How many times it is tried, the first included, before its event is a dead letter.
   *
   * @default what the dispatcher says
   */
  readonly attempts?: number;
  /**
   * How long to wait before the next attempt.
   *
   * @default what the dispatcher says
   */
  readonly backoff?: HandlerBackoff;
}

/** @publicApi */
export interface HandlerBackoff {
  /** `exponential` doubles the delay with each attempt. */
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

/** What is wrong with a `backoff`, of a handler or of a dispatcher. */
export function backoffFault(backoff: unknown): string | undefined {
  const { type, delayMs } = (backoff ?? {}) as Partial<Record<keyof HandlerBackoff, unknown>>;
  const isRight =
    (type === 'exponential' || type === 'fixed') && Number.isSafeInteger(delayMs) && Number(delayMs) >= 0;
  return isRight
    ? undefined
    : "backoff must be { type: 'exponential' or 'fixed', delayMs: a whole number from 0 }.";
}
