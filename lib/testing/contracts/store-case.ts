import { deepEqual, equal, ok } from 'node:assert/strict';
import type {
  Awaitable,
  BeginOptions,
  BeginResult,
  IdempotencyStore,
} from '../../idempotency/idempotency-store.js';
import { OPTIONS } from './store-steps.js';

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

export type Acquired = Extract<BeginResult, { readonly status: 'acquired' }>;

/** Rules by their titles. */
export type StoreCases = Readonly<Record<string, (subject: StoreCase) => Promise<void>>>;

/** A store, with helpers for the cases. */
export class StoreCase {
  readonly store: IdempotencyStore;

  constructor(private readonly subject: StoreUnderTest) {
    this.store = subject.store;
  }

  async begin(key: string, options: Partial<BeginOptions> = {}): Promise<BeginResult> {
    return this.store.begin(key, { ...OPTIONS, ...options });
  }

  async acquire(key: string, options: Partial<BeginOptions> = {}): Promise<Acquired> {
    const answer = await this.begin(key, options);
    ok(answer.status === 'acquired', `${key} is ${answer.status}, not acquired`);
    return answer;
  }

  /** Moves the store's clock forward. */
  async pass(ms: number): Promise<void> {
    await this.subject.advance(ms);
  }

  async expectStatus(key: string, status: BeginResult['status'], options: Partial<BeginOptions> = {}) {
    equal((await this.begin(key, options)).status, status);
  }
}

export async function expectTrue(answer: Awaitable<boolean>): Promise<void> {
  equal(await answer, true);
}

export async function expectFalse(answer: Awaitable<boolean>): Promise<void> {
  equal(await answer, false);
}

export function expectClaim(claim: Acquired, attempt: number, handlersDone: readonly string[]): void {
  equal(claim.attempt, attempt);
  deepEqual([...claim.handlersDone].sort(), [...handlersDone].sort());
}
