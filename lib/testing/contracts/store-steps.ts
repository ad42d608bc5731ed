import { createHash } from 'node:crypto';

/** The options of all claims in the contract. */
export const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 } as const;

/** Short sequences find most faults, and quickly; long ones find the rest. */
const LONGEST = [10, 60] as const;

interface Claimed {
  readonly client: number;
  readonly key: string;
}

/** One call to a store by one of several clients, or a pause. */
export type StoreStep =
  | (Claimed & { readonly call: 'begin'; readonly position: bigint | undefined })
  | (Claimed & { readonly call: 'renew' | 'complete' | 'accept' | 'release' })
  | (Claimed & { readonly call: 'handlerDone'; readonly handler: string })
  | { readonly call: 'advance'; readonly ms: number };

/** The steps for a seed, always the same. There are few keys and clients, so that they conflict. */
export function stepsOf(seed: string): StoreStep[] {
  const draws = draw(seed);
  const oneOf = <T>(...values: readonly [T, ...T[]]): T =>
    values[draws.next().value % values.length] ?? values[0];

  const claimed = (): Claimed => ({ client: oneOf(0, 1, 2), key: oneOf('a', 'b') });
  const begin = (): StoreStep => ({
    call: 'begin',
    ...claimed(),
    position: oneOf(undefined, undefined, -1n, 1n, 2n, 9_223_372_036_854_775_807n),
  });
  const act = (): StoreStep => ({ call: oneOf('renew', 'complete', 'accept', 'release'), ...claimed() });
  const handlerDone = (): StoreStep => ({
    call: 'handlerDone',
    ...claimed(),
    handler: oneOf('A.one', 'A.two'),
  });
  const advance = (): StoreStep => ({ call: 'advance', ms: oneOf(1_000, 30_000, 61_000, 601_000) });

  const length = 1 + (draws.next().value % oneOf(...LONGEST));
  return Array.from({ length }, () => oneOf(begin, begin, act, act, handlerDone, advance)());
}

/** A readable form of a step, such as `client 1: complete a`. */
export function describeStep(step: StoreStep): string {
  if (step.call === 'advance') return `(${step.ms} ms pass)`;
  const position = step.call === 'begin' && step.position !== undefined ? ` at ${step.position}` : '';
  const handler = step.call === 'handlerDone' ? ` ${step.handler}` : '';
  return `client ${step.client}: ${step.call} ${step.key}${position}${handler}`;
}

/** An endless sequence of 16-bit numbers, made by hashing the seed. */
function* draw(seed: string): Generator<number, never> {
  for (let block = 0; ; block++) {
    const hash = createHash('sha256').update(`${seed} ${block}`).digest();
    for (let at = 0; at < hash.length; at += 2) {
      yield hash.readUInt16BE(at);
    }
  }
}
