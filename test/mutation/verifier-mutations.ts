import { bodyMutations } from './body.mutations.js';
import { digestMutations } from './digest.mutations.js';
import { headerMutations } from './header.mutations.js';
import { precedenceMutations } from './precedence.mutations.js';
import { secretMutations } from './secret.mutations.js';
import { standardMutations } from './standard.mutations.js';
import { timestampMutations } from './timestamp.mutations.js';
import { timestampedMutations } from './timestamped.mutations.js';
import { verdictMutations } from './verdict.mutations.js';
import type { Mutation } from './mutation.js';

/** Mistakes in the verifier that the table of signature cases must notice. */
export const verifierMutations: readonly Mutation[] = [
  ...headerMutations,
  ...precedenceMutations,
  ...standardMutations,
  ...timestampMutations,
  ...timestampedMutations,
  ...digestMutations,
  ...bodyMutations,
  ...secretMutations,
  ...verdictMutations,
];
