import { mutate, type Mutation } from './mutation.js';

const TIMESTAMPED = 'schemes/timestamped.scheme.ts';
const LIMIT = 'schemes/signature-scheme.ts';
const VERIFY = 'verify-webhook.ts';
const MAC = 'webhook-mac.ts';

/** The comparison itself, and how much is compared (S11). */
export const verdictMutations: readonly Mutation[] = [
  mutate(VERIFY, 'no signature has to match', 'if (matches === 0) {', 'if (matches < 0) {'),
  mutate(
    VERIFY,
    'every signature has to match',
    'if (matches === 0) {',
    'if (matches !== signatures.length) {',
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
    VERIFY,
    'comparing stops at the secret that matches',
    'countMatches(computeMac(key, signedPrefix, rawBody), signatures);',
    'matches > 0 ? 0 : countMatches(computeMac(key, signedPrefix, rawBody), signatures);',
  ),
  mutate(
    LIMIT,
    'a flood of signatures is looked at',
    'export const MAX_SIGNATURES = 100;',
    'export const MAX_SIGNATURES = 1000;',
  ),
  mutate(
    LIMIT,
    'fewer signatures are looked at',
    'export const MAX_SIGNATURES = 100;',
    'export const MAX_SIGNATURES = 99;',
  ),
  mutate(
    TIMESTAMPED,
    'a flood of timestamped signatures is looked at',
    'signatures.length < MAX_SIGNATURES && ',
    '',
  ),
];
