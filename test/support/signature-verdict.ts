import type { WebhookVerification } from '../../lib/signature/webhook-scheme.js';
import type { VerifyWebhookOptions } from '../../lib/signature/verify-webhook.js';
import type { SignatureCase } from './signature-cases/index.js';

export type VerifyWebhook = (options: VerifyWebhookOptions) => WebhookVerification;

/** What a verifier makes of a case, in the words of the case. A foreign error is a verdict of its own. */
export function verdictOn(verify: VerifyWebhook, delivery: Omit<SignatureCase, 'name' | 'rule' | 'expect'>) {
  const { rawBody, headers, secret, schemes, toleranceSeconds, now } = delivery;
  try {
    return { accepted: verify({ rawBody, headers, secret, schemes, toleranceSeconds, now }).scheme };
  } catch (error) {
    return error instanceof Error && error.name === 'WebhookVerificationError' && 'code' in error
      ? { rejected: error.code }
      : { threw: String(error) };
  }
}
