import { MemoryIdempotencyStore } from 'nestjs-scalekit-webhooks';

/** What docs/testing.md leaves to its reader. */
export class MyStore extends MemoryIdempotencyStore {
  constructor(readonly options: { now: () => number }) {
    super();
  }
}
