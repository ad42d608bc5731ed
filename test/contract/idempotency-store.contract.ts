import { describe, it } from 'vitest';
import {
  describeCatchUpStore as describeCatchUpWith,
  describeFailedEventStore as describeFailuresWith,
  describeIdempotencyStore as describeWith,
  type StoreUnderTest,
} from '../../lib/testing/index.js';

export type { StoreUnderTest };

/** The contracts that the package exports for everybody's stores, in Vitest. */
export function describeIdempotencyStore(
  name: string,
  create: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describeWith(name, create, { describe, it });
}

/** What a store offers beyond the contract. */
export function describeStoreExtras(
  name: string,
  create: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describeFailuresWith(name, create, { describe, it });
  describeCatchUpWith(name, create, { describe, it });
}
