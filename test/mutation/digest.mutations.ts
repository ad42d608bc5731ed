import { mutate, type Mutation } from './mutation.js';

const DIGEST = 'schemes/digest.scheme.ts';

/** S7: how a digest is written. */
export const digestMutations: readonly Mutation[] = [
  mutate(
    DIGEST,
    'sha256= is in any case',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/i',
  ),
  mutate(DIGEST, 'sha256= is not known', '/^(?:sha256=)?([0-9A-Fa-f]{64})$/', '/^([0-9A-Fa-f]{64})$/'),
  mutate(
    DIGEST,
    'sha256= is required',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/',
    '/^(?:sha256=)([0-9A-Fa-f]{64})$/',
  ),
  mutate(
    DIGEST,
    'only lower-case digits are good',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/',
    '/^(?:sha256=)?([0-9a-f]{64})$/',
  ),
  mutate(
    DIGEST,
    'what stands before a digest is ignored',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/',
    '/(?:sha256=)?([0-9A-Fa-f]{64})$/',
  ),
  mutate(
    DIGEST,
    'what stands after a digest is ignored',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})/',
  ),
  mutate(
    DIGEST,
    'a line break after a digest is ignored',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})$/',
    '/^(?:sha256=)?([0-9A-Fa-f]{64})\\s*$/',
  ),
];
