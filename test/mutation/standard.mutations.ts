import { mutate, type Mutation } from './mutation.js';

const SCHEME = 'webhook-scheme.ts';
const STANDARD = 'schemes/standard.scheme.ts';

/** S4: how a standard signature is written, and what it covers. */
export const standardMutations: readonly Mutation[] = [
  mutate(
    SCHEME,
    'only the first signature counts',
    'signatures.length < MAX_SIGNATURES && (match',
    'signatures.length < 1 && (match',
  ),
  mutate(
    STANDARD,
    'signatures are separated by commas',
    '/(?<![^ ])v1,([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![^ ])/g',
    '/(?<![^,])v1,([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![^,])/g',
  ),
  mutate(
    STANDARD,
    'text before a signature is ignored',
    '/(?<![^ ])v1,([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![^ ])/g',
    '/v1,([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![^ ])/g',
  ),
  mutate(
    STANDARD,
    'text after a signature is ignored',
    '[AEIMQUYcgkosw048]=)(?![^ ])/g',
    '[AEIMQUYcgkosw048]=)/g',
  ),
  mutate(STANDARD, 'any version is good', " && header.startsWith('v1,')", ''),
  mutate(STANDARD, 'any version in a list is good', '(?<![^ ])v1,', '(?<![^ ])v\\d,'),
  mutate(STANDARD, 'base64url in a list is good', '([A-Za-z0-9+/]{42}', '([A-Za-z0-9+/_-]{42}'),
  mutate(
    STANDARD,
    'the spare bits in a list are not looked at',
    '{42}[AEIMQUYcgkosw048]=',
    '{42}[A-Za-z0-9+/]=',
  ),
  mutate(STANDARD, 'the padding in a list is not looked at', '[AEIMQUYcgkosw048]=)', '[AEIMQUYcgkosw048]=?)'),
  mutate(STANDARD, 'the id is not signed', 'return `${id}.${timestamp}.`;', 'return `${timestamp}.`;'),
  mutate(STANDARD, 'the timestamp is not signed', 'return `${id}.${timestamp}.`;', 'return `${id}.`;'),
  mutate(STANDARD, 'the dots are not signed', 'return `${id}.${timestamp}.`;', 'return `${id}${timestamp}`;'),
  mutate(
    STANDARD,
    'base64url is good',
    'const VALUE_OF = new Int8Array(128).fill(-1);',
    "const VALUE_OF = new Int8Array(128).fill(-1);\nVALUE_OF['-'.charCodeAt(0)] = 62;\nVALUE_OF['_'.charCodeAt(0)] = 63;",
  ),
  mutate(STANDARD, 'the lower spare bit is not looked at', '(bits & 3) === 0', '(bits & 2) === 0'),
  mutate(STANDARD, 'the higher spare bit is not looked at', '(bits & 3) === 0', '(bits & 1) === 0'),
  mutate(STANDARD, 'the padding is not looked at', " && text[43] === '='", ''),
  mutate(
    STANDARD,
    'the low byte of a letter counts',
    'VALUE_OF[text.charCodeAt(i)]',
    'VALUE_OF[text.charCodeAt(i) & 0x7f]',
  ),
  mutate(STANDARD, 'what is no base64 counts as A', '    if (value < 0) {\n      return false;\n    }\n', ''),
];
