import { describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../../lib/signature/verify-webhook.js';
import { signatureCases } from '../../support/signature-cases/index.js';
import { verdictOn } from '../../support/signature-verdict.js';

const rules = Array.from({ length: 13 }, (_, i) => `S${i + 1}`);

describe.each(rules)('verifyWebhook, rule %s', (rule) => {
  for (const delivery of signatureCases.filter((each) => each.rule === rule)) {
    it(delivery.name, () => {
      expect(verdictOn(verifyWebhook, delivery)).toEqual(delivery.expect);
    });
  }
});

describe('the table of signature cases', () => {
  it('names every case once', () => {
    const titles = signatureCases.map(({ rule, name }) => `${rule} ${name}`);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('has cases for every rule and no other', () => {
    expect(new Set(signatureCases.map(({ rule }) => rule))).toEqual(new Set(rules));
  });
});
