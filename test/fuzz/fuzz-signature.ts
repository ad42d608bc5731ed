import fc from 'fast-check';
import { WebhookVerificationError } from '../../lib/signature/signature.errors.js';
import { verifyWebhook } from '../../lib/signature/verify-webhook.js';
import { trickyValues } from '../support/signature-hostile-values.js';
import { hostileDelivery } from './hostile-delivery.js';
import { judge, type FuzzedDelivery } from './signature-oracle.js';

/** How many deliveries ended how: "accepted standard", "signature_mismatch", … */
export type FuzzTally = Record<string, number>;

/** Now and then one property of a delivery has a wrong type; of that only the kind of error is judged. */
const rarelyTricky = fc.oneof(
  { weight: 19, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      property: fc.constantFrom('rawBody', 'headers', 'secret', 'schemes', 'toleranceSeconds', 'now'),
      make: fc.constantFrom(...trickyValues),
    }),
  },
);

/**
 * Compares what verifyWebhook says of hostile deliveries with the oracle.
 *
 * @throws Error that shows the smallest delivery that they judge differently, or that throws a foreign error, and how
 * to see it again
 */
export function fuzzSignature({ seed, count }: { seed: number; count: number }): FuzzTally {
  const tally: FuzzTally = {};
  const property = fc.property(hostileDelivery, rarelyTricky, (delivery, tricky) => {
    const outcome = verdictOn(delivery);
    const expected = judge(delivery);
    tally[outcome] = (tally[outcome] ?? 0) + 1;
    const isRight = expected ? outcome === `accepted ${expected}` : !outcome.startsWith('accepted');
    if (!isRight) {
      throw new Error(`verifyWebhook says ${outcome}, the oracle ${expected ?? 'rejected'}.`);
    }
    if (tricky) {
      verdictOn({ ...delivery, [tricky.property]: tricky.make() });
    }
  });
  fc.assert(property, { seed, numRuns: count });
  return tally;
}

function verdictOn(delivery: FuzzedDelivery): string {
  try {
    return `accepted ${verifyWebhook(delivery).scheme}`;
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      return error.code;
    }
    throw error;
  }
}
