import { mutate, type Mutation } from './mutation.js';

const LIMIT = 'webhook-scheme.ts';
const CHECK = 'verify-webhook.ts';
const MAC = 'verify-webhook.ts';
const VERIFY = 'verify-webhook.ts';

/** The comparison itself, and how much is compared (S11). */
export const verdictMutations: readonly Mutation[] = [
  mutate(
    VERIFY,
    'what is wrong is not thrown',
    'if (outcome instanceof WebhookVerificationError) {',
    'if (false) {',
  ),
  mutate(
    CHECK,
    'no signature has to match',
    'if (matches > 0) {\n    return of',
    'if (matches >= 0) {\n    return of',
  ),
  mutate(
    CHECK,
    'every signature has to match',
    'if (matches > 0) {\n    return of',
    'if (matches === signatures.length) {\n    return of',
  ),
  mutate(
    MAC,
    'every comparison succeeds',
    'matches += Number(timingSafeEqual(mac, signature));',
    'matches += Number(timingSafeEqual(mac, mac) && signature.length === 32);',
  ),
  mutate(
    MAC,
    'half a signature is compared',
    'timingSafeEqual(mac, signature)',
    'timingSafeEqual(mac.subarray(0, 16), signature.subarray(0, 16))',
  ),
  mutate(
    MAC,
    'signatures are compared in varying time',
    'timingSafeEqual(mac, signature)',
    'Buffer.from(mac).equals(signature)',
  ),
  mutate(
    MAC,
    'comparing stops at the first match',
    'matches += Number(timingSafeEqual(mac, signature));',
    'matches += Number(timingSafeEqual(mac, signature));\n    if (matches > 0) {\n      return matches;\n    }',
  ),
  mutate(
    CHECK,
    'comparing stops at the secret that matches',
    'countMatches(computeMac(key, signedPrefix, rawBody), signatures);',
    'matches > 0 ? 0 : countMatches(computeMac(key, signedPrefix, rawBody), signatures);',
  ),
  mutate(
    LIMIT,
    'a flood of signatures is looked at',
    'const MAX_SIGNATURES = 100;',
    'const MAX_SIGNATURES = 1000;',
  ),
  mutate(
    LIMIT,
    'fewer signatures are looked at',
    'const MAX_SIGNATURES = 100;',
    'const MAX_SIGNATURES = 99;',
  ),
];
