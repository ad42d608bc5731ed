import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { fuzzSignature } from './fuzz-signature.js';

const count = Number(process.env.FUZZ_COUNT ?? 1_000_000);
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));

it(`judges ${count} hostile deliveries of seed ${seed} as the oracle does`, { timeout: 3_600_000 }, () => {
  console.log(`FUZZ_SEED=${seed} FUZZ_COUNT=${count}`);
  const tally = fuzzSignature({ seed, count });
  console.table(tally);
  expect(Object.values(tally).reduce((sum, each) => sum + each, 0)).toBe(count);
});
