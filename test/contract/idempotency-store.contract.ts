import { describe, it } from 'vitest';
import { describeIdempotencyStore as describeWith, type StoreUnderTest } from '../../lib/testing/index.js';

export type { StoreUnderTest };

/** The contract that the package exports for everybody's stores, in Vitest. */
export function describeIdempotencyStore(
  name: string,
  create: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describeWith(name, create, { describe, it });
}
