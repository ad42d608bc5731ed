import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, it, vi } from 'vitest';
import { createWebhookVerifier } from '../../../lib/signature/verify-webhook.js';
import { BODY, NOW, OTHER_SECRET, SECRET } from '../../support/signature-cases/signature-case.js';
import { standard, standardSignature, WRONG_BASE64 } from '../../support/signature-cases/signed-headers.js';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

it.each([
  ['the first', 0],
  ['the second', 1],
  ['the last', 2],
  ['none', -1],
])('compares every signature with every secret in constant time when %s matches', (_, position) => {
  const signatures = [0, 1, 2].map((at) => (at === position ? `v1,${standardSignature()}` : WRONG_BASE64));
  const delivery = { rawBody: BODY, headers: standard({ signature: signatures.join(' ') }), now: NOW };
  const timingSafeEqual = vi.spyOn(crypto, 'timingSafeEqual');
  syncBuiltinESMExports();
  const verify = () => createWebhookVerifier({ secret: [SECRET, OTHER_SECRET] }).verify(delivery);
  if (position === -1) {
    expect(verify).toThrow(expect.objectContaining({ code: 'signature_mismatch' }) as Error);
  } else {
    expect(verify()).toMatchObject({ scheme: 'standard' });
  }
  expect(timingSafeEqual).toHaveBeenCalledTimes(6);
});
