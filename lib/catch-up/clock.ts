import { setTimeout as wait } from 'node:timers/promises';

/** The time, and waiting. Tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects with the signal's reason once it is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) =>
    wait(ms, undefined, { signal, ref: false }).catch(() => {
      signal.throwIfAborted(); // Node's own error only has the reason as its cause.
    }),
};
