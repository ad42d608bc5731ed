/**
 * Settles as `work` does. If that takes longer than `ms`, settles with what `late` returns or throws; the work goes on,
 * and its result is ignored.
 */
export function within<T, Late>(ms: number, work: T | PromiseLike<T>, late: () => Late): Promise<T | Late> {
  return new Promise<T | Late>((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(Promise.resolve().then(late));
    }, ms);
    const stop =
      <V>(settle: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        settle(value);
      };
    Promise.resolve(work).then(stop(resolve), stop(reject));
  });
}

/** Whether the work has settled, either way, before the time is over. */
export function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return within(timeoutMs, settled, () => false);
}

/** Settles as `work` does, or rejects with the signal's reason before that. The work goes on, and its result is ignored. */
export function untilAborted<T>(signal: AbortSignal, work: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    Promise.resolve(work)
      .finally(() => {
        signal.removeEventListener('abort', stop);
      })
      .then(resolve, reject);
  });
}
