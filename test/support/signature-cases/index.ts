import { bodyCases, replayCases, scopeCases } from './body.cases.js';
import { digestCases } from './digest.cases.js';
import { limitCases } from './limit.cases.js';
import { nameCases } from './names.cases.js';
import { precedenceAndOwnershipCases } from './precedence.cases.js';
import { secretCases } from './secret.cases.js';
import type { SignatureCase } from './signature-case.js';
import { standardCases } from './standard.cases.js';
import { timestampCases } from './timestamp.cases.js';
import { timestampedCases } from './timestamped.cases.js';
import { vectorCases } from './vector.cases.js';

export type { SignatureCase } from './signature-case.js';

/** Every ruled delivery, in the order of the rules. */
export const signatureCases: readonly SignatureCase[] = [
  ...nameCases,
  ...precedenceAndOwnershipCases,
  ...standardCases,
  ...timestampCases,
  ...timestampedCases,
  ...digestCases,
  ...bodyCases,
  ...secretCases,
  ...limitCases,
  ...replayCases,
  ...scopeCases,
  ...vectorCases,
];
