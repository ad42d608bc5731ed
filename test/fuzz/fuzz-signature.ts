import { inspect } from 'node:util';
import { verifyWebhook } from '../../lib/signature/verify-webhook.js';
import { WebhookVerificationError } from '../../lib/signature/webhook-verification.error.js';
import { makeHostileDelivery } from './hostile-delivery.js';
import { trickyValues } from '../support/signature-hostile-values.js';
import { SeededRandom } from './seeded-random.js';
import { judge, type FuzzedDelivery } from './signature-oracle.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  /** The first input to make, to see one again. */
  readonly first?: number;
}

/** How many inputs ended how: "accepted standard", "signature_mismatch", … */
export type FuzzTally = Record<string, number>;

/**
 * Makes hostile deliveries and compares what verifyWebhook says of each with the oracle. Now and then one comes again
 * with something of a wrong type in it, which the oracle need not judge. Each input depends on the seed and its own
 * number alone.
 *
 * @throws Error at the first input that verifyWebhook and the oracle judge differently, or for which verifyWebhook
 * throws a foreign error
 */
export function fuzzSignature({ seed, count, first = 0 }: FuzzOptions): FuzzTally {
  const tally: FuzzTally = {};
  for (let number = first; number < first + count; number++) {
    const random = new SeededRandom(Math.imul(seed, 0x9e3779b1) + number);
    const delivery = makeHostileDelivery(random);
    const expected = judge(delivery);
    const { scheme, outcome } = verdictOf(delivery);
    if (scheme !== expected) {
      throw new Error(
        `Input ${number} of seed ${seed}: verifyWebhook says ${outcome}, the oracle ${expected ?? 'rejected'}:\n` +
          inspect(delivery, { maxStringLength: 10_000 }),
      );
    }
    tally[outcome] = (tally[outcome] ?? 0) + 1;
    if (random.chance(20)) {
      const property = random.pick(Object.keys(delivery));
      verdictOf({ ...delivery, [property]: random.pick(trickyValues)() });
    }
  }
  return tally;
}

function verdictOf(delivery: FuzzedDelivery) {
  try {
    const { scheme } = verifyWebhook(delivery);
    return { scheme, outcome: `accepted ${scheme}` };
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      return { scheme: undefined, outcome: error.code };
    }
    throw new Error(`verifyWebhook threw a foreign error for:\n${inspect(delivery)}`, { cause: error });
  }
}
