import { type Check, type CheckResult, type Finding, skipped, throttled } from './check.js';
import type { Examination } from './examination.js';
import { ACCEPTANCE_CHECKS, ANSWER_TIME_CHECK, BODY_CHECKS, IDEMPOTENCY_CHECKS } from './delivery.checks.js';
import { REACH_CHECKS } from './reach.checks.js';
import { SIGNED_CHECKS, UNSIGNED_CHECKS } from './signature.checks.js';

/** Why a check is skipped that would be run if the secret were given. */
export const NEEDS_SECRET = 'needs the secret';

/** All checks, in the order in which they are run and printed. */
const CHECKS: readonly Check[] = [
  ...REACH_CHECKS,
  ...UNSIGNED_CHECKS,
  ...ACCEPTANCE_CHECKS,
  ...SIGNED_CHECKS,
  ...IDEMPOTENCY_CHECKS,
  ...BODY_CHECKS,
  ANSWER_TIME_CHECK,
];

export async function* examine(examination: Examination): AsyncGenerator<CheckResult> {
  for (const check of CHECKS) {
    const { name, title } = check;
    const found = whySkip(check, examination) ?? (await check.run(examination));
    const finding = examination.throttledBy ? throttled(examination.throttledBy) : found;
    yield { name, title, ...finding };
    if (finding.endsExamination) {
      return;
    }
  }
}

function whySkip({ needs }: Check, { options, form, scheme }: Examination): Finding | undefined {
  if (needs === undefined) {
    return undefined;
  }
  if (options.secret === undefined) {
    return skipped(NEEDS_SECRET);
  }
  if (needs === 'secret') {
    return undefined;
  }
  if (!form) {
    return skipped('would tell nothing while genuine deliveries are refused');
  }
  return needs === 'timestamp' && scheme === 'digest' ? skipped('digest signs no time') : undefined;
}
