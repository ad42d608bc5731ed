import type { Awaitable, IdempotencyStore } from '../../idempotency/idempotency-store.js';

/**
 * An empty store, and control of its clock.
 *
 * @publicApi
 */
export interface StoreUnderTest {
  readonly store: IdempotencyStore;
  /** Moves the store's clock forward. */
  readonly advance: (ms: number) => Awaitable<void>;
  /** Called at the end of each case. */
  close?(): Awaitable<void>;
}
