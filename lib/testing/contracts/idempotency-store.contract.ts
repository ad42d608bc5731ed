import { randomUUID } from 'node:crypto';
import type { Awaitable } from '../../idempotency/idempotency-store.js';
import { CLAIM_CASES, COMPLETION_CASES, KEY_CASES } from './store-cases.js';
import { compareSequences, type StoreContractOptions } from './store-sequences.js';
import { StoreCase, type StoreCases, type StoreUnderTest } from './store-case.js';

/** A real database runs this many within the default timeout of test runners (5 s in Jest). */
const SEQUENCES_A_CASE = 20;

/**
 * One rule of a contract, and the check of it.
 *
 * @publicApi
 */
export interface ContractCase {
  /** The rule, as a title. */
  readonly name: string;
  /** Rejects where the rule is broken. */
  run(): Promise<void>;
}

/** The functions of a test runner, as Jest, Vitest, Mocha and node:test have them. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * The rules for every idempotency store, for runners that have no `describe` and `it`.
 *
 * @param create makes an empty store for each case
 * @publicApi
 */
export function idempotencyStoreContract(
  create: () => Awaitable<StoreUnderTest>,
  { sequences = 200, seed = randomUUID() }: StoreContractOptions = {},
): readonly ContractCase[] {
  const cases: StoreCases = { ...CLAIM_CASES, ...COMPLETION_CASES, ...KEY_CASES };
  const starts = Array.from(
    { length: Math.ceil(sequences / SEQUENCES_A_CASE) },
    (_, n) => n * SEQUENCES_A_CASE,
  );
  return [
    ...Object.entries(cases).map(([name, check]) => ({ name, run: () => runCase(create, check) })),
    ...starts.map((from) => {
      const to = Math.min(from + SEQUENCES_A_CASE, sequences);
      return {
        name: `does what a simple model does, for any calls by several clients (${from + 1} to ${to} of ${sequences})`,
        run: () => compareSequences(create, seed, from, to),
      };
    }),
  ];
}

/**
 * Registers the contract as a suite of your test runner.
 *
 * ```ts
 * describeIdempotencyStore('MyStore', () => {
 *   const clock = new FakeClock();
 *   return { store: new MyStore({ now: clock.now }), advance: clock.advance };
 * });
 * ```
 *
 * @param runner `{ describe, it }`, where they are no globals (Vitest, node:test)
 * @publicApi
 */
export function describeIdempotencyStore(
  name: string,
  create: () => Awaitable<StoreUnderTest>,
  { describe, it, ...options }: Partial<TestRunner> & StoreContractOptions = {},
): void {
  registerContract(`${name} as an idempotency store`, idempotencyStoreContract(create, options), {
    ...(describe && { describe }),
    ...(it && { it }),
  });
}

/** Registers a contract as a suite, with the given runner or the global one. */
export function registerContract(
  title: string,
  cases: readonly ContractCase[],
  given: Partial<TestRunner>,
): void {
  const { describe, it } = { ...(globalThis as Partial<TestRunner>), ...given };
  if (!describe || !it) {
    throw new TypeError(
      `No global describe and it for "${title}": pass those of your test runner as the last argument, { describe, it }.`,
    );
  }
  describe(title, () => {
    for (const each of cases) {
      it(each.name, () => each.run());
    }
  });
}

export async function runCase(
  create: () => Awaitable<StoreUnderTest>,
  check: StoreCases[string],
): Promise<void> {
  const subject = await create();
  try {
    await check(new StoreCase(subject));
  } finally {
    await subject.close?.();
  }
}
