import { within } from '../shared/within.js';

const ARRIVED_AT = Symbol.for('nestjs-scalekit-webhooks:arrived-at');

interface ArrivedRequest {
  [ARRIVED_AT]: number | undefined;
}

/** Records when the request arrived: before its body is read. Only the first call for a request counts. */
export function noteArrival(request: object): number {
  return ((request as ArrivedRequest)[ARRIVED_AT] ??= performance.now());
}

/**
 * Settles as `work` does, or with what `late` returns when `answerWithinMs` have passed since the request arrived.
 * The sender hangs up soon after that time. The work goes on, and the sender's retry finds its result.
 */
export function answerInTime<T, Late>(
  request: object,
  answerWithinMs: number,
  work: PromiseLike<T>,
  late: () => Late,
): Promise<T | Late> {
  // Whole milliseconds: Node keeps one list of timers for each duration.
  const msLeft = Math.ceil(noteArrival(request) + answerWithinMs - performance.now());
  return within(Math.max(1, msLeft), work, late);
}
