import * as crypto from 'node:crypto';
import { verdictOn, type VerifyWebhook } from '../support/signature-verdict.js';
import { BODY, NOW, OTHER_SECRET, SECRET } from '../support/signature-cases/signature-case.js';
import { standard, standardSignature, WRONG_BASE64 } from '../support/signature-cases/signed-headers.js';
import { build, type Sources } from './signature-build.js';

/**
 * How often a build compares in constant time, given two secrets and three signatures of which the one at `position`
 * was made with the first secret.
 */
export function countComparisons(sources: Sources, position: number): number {
  let comparisons = 0;
  const countingCrypto = {
    ...crypto,
    timingSafeEqual: (...buffers: Parameters<typeof crypto.timingSafeEqual>) => {
      comparisons++;
      return crypto.timingSafeEqual(...buffers);
    },
  };
  const { verifyWebhook } = build(sources, 'signature/verify-webhook.ts', { 'node:crypto': countingCrypto });
  const signature = Array.from({ length: 3 }, (_, i) =>
    i === position ? `v1,${standardSignature()}` : WRONG_BASE64,
  ).join(' ');
  verdictOn(verifyWebhook as VerifyWebhook, {
    rawBody: BODY,
    headers: standard({ signature }),
    secret: [SECRET, OTHER_SECRET],
    now: NOW,
    overHttp: true,
  });
  return comparisons;
}
