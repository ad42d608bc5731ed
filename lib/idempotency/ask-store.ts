import type { Awaitable } from './idempotency-store.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

/**
 * What a store answers: at once, or as a promise.
 *
 * @throws StoreUnavailableError, or rejects with it
 */
export function askStore<T>(method: string, call: () => Awaitable<T>): Awaitable<T> {
  const fail = (cause: unknown): never => {
    throw new StoreUnavailableError(`The idempotency store failed in ${method}().`, { cause });
  };
  try {
    const answer = call();
    return isPromiseLike(answer) ? answer.then(undefined, fail) : answer;
  } catch (cause) {
    return fail(cause);
  }
}

/** A store in memory answers at once, and then nothing waits for a promise: every request would pay for it. */
export function whenAnswered<T, Result>(
  answer: Awaitable<T>,
  next: (answer: T) => Awaitable<Result>,
): Awaitable<Result> {
  return isPromiseLike(answer) ? answer.then(next) : next(answer);
}

export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
