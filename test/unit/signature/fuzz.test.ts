import { expect, it } from 'vitest';
import { WEBHOOK_SCHEMES } from '../../../lib/signature/webhook-scheme.js';
import { fuzzSignature } from '../../fuzz/fuzz-signature.js';
import { judge } from '../../fuzz/signature-oracle.js';
import { signatureCases } from '../../support/signature-cases/index.js';

it('judges 10,000 hostile deliveries as the oracle does, and meets every outcome', () => {
  const tally = fuzzSignature({ seed: 20_260_101, count: 10_000 });
  expect(Object.keys(tally).sort()).toEqual([
    'accepted digest',
    'accepted standard',
    'accepted timestamped',
    'invalid_options',
    'invalid_secret',
    'malformed_header',
    'missing_headers',
    'signature_mismatch',
    'timestamp_too_new',
    'timestamp_too_old',
  ]);
  expect(Math.min(...Object.values(tally))).toBeGreaterThan(20);
});

it('has an oracle that judges the table of signature cases as it should', () => {
  const deliveries = signatureCases.filter(({ overHttp }) => overHttp);
  expect(deliveries.length).toBeGreaterThan(300);
  for (const {
    name,
    rawBody,
    headers,
    secret,
    schemes,
    toleranceSeconds = 300,
    now,
    expect: verdict,
  } of deliveries) {
    const scheme = judge({
      rawBody,
      headers: headers as Record<string, string>,
      secret: [secret].flat(),
      schemes: schemes ?? WEBHOOK_SCHEMES,
      toleranceSeconds,
      now,
    });
    expect(scheme, name).toBe('accepted' in verdict ? verdict.accepted : undefined);
  }
});
