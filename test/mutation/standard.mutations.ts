import { mutate, type Mutation } from './mutation.js';

const BASE64 = 'schemes/base64-mac.ts';
const STANDARD = 'schemes/standard.scheme.ts';

/** S4: how a standard signature is written, and what it covers. */
export const standardMutations: readonly Mutation[] = [
  mutate(
    STANDARD,
    'only the first signature counts',
    'signatures.length < MAX_SIGNATURES; start = end + 1',
    'signatures.length < 1; start = end + 1',
  ),
  mutate(
    STANDARD,
    'the first token alone is looked at',
    'for (let start = 0; start <= header.length &&',
    'for (let start = 0; start === 0 &&',
  ),
  mutate(
    STANDARD,
    'signatures are separated by commas',
    "endOfPart(header, ' ', start)",
    "endOfPart(header, ',v', start)",
  ),
  mutate(STANDARD, 'any version is good', ' && header.startsWith(VERSION, start)', ''),
  mutate(
    STANDARD,
    'a token that does not count ruins the delivery',
    '    if (signature) {\n      signatures.push(signature);\n    }',
    "    if (!signature) {\n      throw new WebhookVerificationError('malformed_header', '');\n    }\n    signatures.push(signature);",
  ),
  mutate(
    STANDARD,
    'text after a signature is ignored',
    'end - start === VERSION.length',
    'end - start >= VERSION.length',
  ),
  mutate(STANDARD, 'the id is not signed', 'return `${id}.${timestamp}.`;', 'return `${timestamp}.`;'),
  mutate(STANDARD, 'the timestamp is not signed', 'return `${id}.${timestamp}.`;', 'return `${id}.`;'),
  mutate(STANDARD, 'the dots are not signed', 'return `${id}.${timestamp}.`;', 'return `${id}${timestamp}`;'),
  mutate(
    BASE64,
    'base64url is good',
    'const VALUE_OF = new Int8Array(128).fill(-1);',
    "const VALUE_OF = new Int8Array(128).fill(-1);\nVALUE_OF['-'.charCodeAt(0)] = 62;\nVALUE_OF['_'.charCodeAt(0)] = 63;",
  ),
  mutate(BASE64, 'the lower spare bit is not looked at', '(bits & 3) === 0', '(bits & 2) === 0'),
  mutate(BASE64, 'the higher spare bit is not looked at', '(bits & 3) === 0', '(bits & 1) === 0'),
  mutate(BASE64, 'the padding is not looked at', " && text[start + 43] === '='", ''),
  mutate(
    BASE64,
    'the low byte of a letter counts',
    'VALUE_OF[text.charCodeAt(i)]',
    'VALUE_OF[text.charCodeAt(i) & 0x7f]',
  ),
  mutate(
    BASE64,
    'what is no base64 counts as A',
    '    if (value < 0) {\n      return undefined;\n    }\n',
    '',
  ),
];
