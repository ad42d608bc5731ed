import { describe, expect, it } from 'vitest';
import { countComparisons } from '../../mutation/comparisons.js';
import { build, readSignatureSources, type Sources } from '../../mutation/signature-build.js';
import type { Mutation } from '../../mutation/mutation.js';
import { verifierMutations } from '../../mutation/verifier-mutations.js';
import { signatureCases, type SignatureCase } from '../../support/signature-cases/index.js';
import { verdictOn, type VerifyWebhook } from '../../support/signature-verdict.js';

const sources = readSignatureSources();

const isWrong = (verify: VerifyWebhook) => (delivery: SignatureCase) =>
  JSON.stringify(verdictOn(verify, delivery)) !== JSON.stringify(delivery.expect);

function verifierOf(patched: Sources): VerifyWebhook {
  return build(patched, 'signature/verify-webhook.ts').verifyWebhook as VerifyWebhook;
}

/** The text to replace stands once in the whole core, in whatever file. */
function withMutation({ search, replacement }: Mutation): Sources {
  const files = [...sources].filter(([, source]) => source.includes(search));
  expect(
    files.map(([, source]) => source.split(search).length - 1),
    `places of ${search}`,
  ).toEqual([1]);
  return new Map(sources).set(files[0]?.[0] ?? '', files[0]?.[1].replace(search, () => replacement) ?? '');
}

/** Those with large bodies and headers last: most mistakes are noticed before. */
const hasLargeCases = ({ rule }: SignatureCase) => rule === 'S8' || rule === 'S11';
const orderedCases = [
  ...signatureCases.filter((each) => !hasLargeCases(each)),
  ...signatureCases.filter(hasLargeCases),
];

/** With two secrets and three signatures: all are compared, whichever matches. */
function comparesAll(patched: Sources): boolean {
  return [0, 1, 2, -1].every((position) => countComparisons(patched, position) === 6);
}

describe('a copy of the verifier without a mistake', () => {
  it('judges every case of the table as it should', () => {
    expect(signatureCases.filter(isWrong(verifierOf(sources))).map(({ name }) => name)).toEqual([]);
  });

  it('compares every signature with every secret in constant time, whichever matches', () => {
    expect(comparesAll(sources)).toBe(true);
  });
});

describe('the table of signature cases notices when', () => {
  it.each(verifierMutations.map((mutation) => [mutation.name, mutation] as const))(
    '%s',
    (_name, mutation) => {
      const patched = withMutation(mutation);
      expect(orderedCases.some(isWrong(verifierOf(patched))) || !comparesAll(patched)).toBe(true);
    },
  );
});

describe('the list of mistakes', () => {
  it('names each of them once', () => {
    const names = verifierMutations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
