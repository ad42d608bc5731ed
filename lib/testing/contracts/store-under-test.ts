import type { Awaitable, IdempotencyStore } from '../../idempotency/idempotency-store.js';

/**
 * An empty store, and a hand on its clock.
 *
 * @publicApi
 */
export interface StoreUnderTest {
  readonly store: IdempotencyStore;
  /** Moves the clock that the store goes by. */
  readonly advance: (ms: number) => Awaitable<void>;
  /** Called once the case is over. */
  close?(): Awaitable<void>;
}
