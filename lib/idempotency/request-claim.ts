import type { Claim } from './claim.js';

const CLAIM = Symbol.for('nestjs-scalekit-webhooks:claim');

export function attachClaim(request: object, claim: Claim): void {
  (request as { [CLAIM]?: Claim })[CLAIM] = claim;
}

/** Undefined where no idempotency interceptor has claimed the request's event. */
export function claimOf(request: object): Claim | undefined {
  return (request as { [CLAIM]?: Claim })[CLAIM];
}
