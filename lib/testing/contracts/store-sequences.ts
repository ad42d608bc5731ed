import type { Awaitable } from '../../idempotency/idempotency-store.js';
import { StoreModel } from './store-model.js';
import { describeStep, stepsOf, type StoreStep } from './store-steps.js';
import type { StoreUnderTest } from './store-case.js';

/** @publicApi */
export interface StoreContractOptions {
  /**
   * How many sequences of up to 60 calls.
   *
   * @default 200
   */
  readonly sequences?: number | undefined;
  /**
   * Makes the same sequences again. The message of a failure names its seed.
   *
   * @default a random one
   */
  readonly seed?: string | undefined;
}

type Create = () => Awaitable<StoreUnderTest>;

/** Makes the same calls to the store and the model, and throws the shortest sequence in which they differ. */
export async function compareSequences(
  create: Create,
  seed: string,
  from: number,
  to: number,
): Promise<void> {
  for (let index = from; index < to; index++) {
    const steps = stepsOf(`${seed} ${index}`);
    const difference = await firstDifference(create, steps);
    if (difference) {
      const { at, error } = difference;
      throw explain(await shorten(create, { steps: steps.slice(0, at + 1), error }), seed);
    }
  }
}

interface Difference {
  readonly at: number;
  readonly error: unknown;
}

async function firstDifference(create: Create, steps: readonly StoreStep[]): Promise<Difference | undefined> {
  const subject = await create();
  const model = new StoreModel();
  try {
    for (const [at, step] of steps.entries()) {
      try {
        await model.compare(step, subject);
      } catch (error) {
        return { at, error };
      }
    }
    return undefined;
  } finally {
    await subject.close?.();
  }
}

interface Sequence {
  readonly steps: readonly StoreStep[];
  /** The error of the last step. */
  readonly error: unknown;
}

/** Removes steps one by one, as long as store and model still differ. */
async function shorten(create: Create, sequence: Sequence): Promise<Sequence> {
  let shortest = sequence;
  for (let left = sequence.steps.length - 2; left >= 0; left--) {
    const steps = shortest.steps.filter((_, index) => index !== left);
    const difference = await firstDifference(create, steps);
    if (difference) {
      shortest = { steps: steps.slice(0, difference.at + 1), error: difference.error };
    }
  }
  return shortest;
}

function explain({ steps, error }: Sequence, seed: string): Error {
  const lines = steps.map((step, index) => `  ${index + 1}. ${describeStep(step)}`);
  const what = error instanceof Error ? error.message : String(error);
  return new Error(
    `The store answers the last of these calls otherwise than the contract (seed "${seed}"):\n` +
      `${lines.join('\n')}\n${what}`,
    { cause: error },
  );
}
