import { mutate, type Mutation } from './mutation.js';

const STANDARD = 'schemes/standard.scheme.ts';
const TIMESTAMPED = 'schemes/timestamped.scheme.ts';
const SCHEMES = 'schemes/signature-schemes.ts';

/** S2 and S3: which scheme a header speaks for, and which one decides. */
export const precedenceMutations: readonly Mutation[] = [
  mutate(
    TIMESTAMPED,
    'webhook-signature is told by t= anywhere',
    "return startsWith(headers['webhook-signature'], 't=');",
    "return String(headers['webhook-signature']).includes('t=');",
  ),
  mutate(
    TIMESTAMPED,
    'webhook-signature is told by t alone',
    "return startsWith(headers['webhook-signature'], 't=');",
    "return startsWith(headers['webhook-signature'], 't');",
  ),
  mutate(
    TIMESTAMPED,
    'webhook-signature never speaks for timestamped',
    "return startsWith(headers['webhook-signature'], 't=');",
    'return false;',
  ),
  mutate(
    TIMESTAMPED,
    'webhook-signature decides over scalekit-signature',
    "if (headers['scalekit-signature'] !== undefined) {",
    "if (headers['scalekit-signature'] !== undefined && !isTimestamped(headers)) {",
  ),
  mutate(
    TIMESTAMPED,
    'an empty scalekit-signature is passed over',
    "if (headers['scalekit-signature'] !== undefined) {",
    "if (headers['scalekit-signature']) {",
  ),
  mutate(
    STANDARD,
    'svix-* decide over webhook-*',
    'if (headers[WEBHOOK.signature] !== undefined) {',
    'if (headers[WEBHOOK.signature] !== undefined && headers[SVIX.signature] === undefined) {',
  ),
  mutate(
    STANDARD,
    'svix-* stand in for a timestamped webhook-signature',
    'isTimestamped(headers) ? undefined : WEBHOOK',
    'isTimestamped(headers) ? (headers[SVIX.signature] === undefined ? undefined : SVIX) : WEBHOOK',
  ),
  mutate(
    STANDARD,
    'svix-* are not known',
    'headers[SVIX.signature] === undefined ? undefined : SVIX',
    'undefined',
  ),
  mutate(
    STANDARD,
    'svix-signature is used with webhook-id',
    'const id = requireText(headers, names.id);',
    "const id = requireText(headers, headers[names.id] === undefined ? 'webhook-id' : names.id);",
  ),
  mutate(STANDARD, 'an empty id is good', "if (id === '') {", "if (id === ' ') {"),
  mutate(
    SCHEMES,
    'the order of the accepted schemes decides',
    'return SCHEMES.filter(({ name }) => names.includes(name));',
    'return names.flatMap((wanted) => SCHEMES.filter(({ name }) => name === wanted));',
  ),
  mutate(
    SCHEMES,
    'the weakest scheme decides',
    '[standardScheme, timestampedScheme, digestScheme]',
    '[digestScheme, timestampedScheme, standardScheme]',
  ),
  mutate(
    SCHEMES,
    'every scheme is accepted',
    'return SCHEMES.filter(({ name }) => names.includes(name));',
    'return SCHEMES.filter(({ name }) => names.includes(name) || true);',
  ),
  mutate(
    SCHEMES,
    'a weaker scheme rescues a broken one',
    '    const signature = scheme.read(relevant, scratch);',
    '    let signature;\n    try {\n      signature = scheme.read(relevant, scratch);\n    } catch (error) {\n      if (scheme === accepted.at(-1)) {\n        throw error;\n      }\n    }',
  ),
  mutate(
    SCHEMES,
    'a header of an unaccepted scheme blocks svix-*',
    '!accepted.includes(timestampedScheme)',
    'false',
  ),
  mutate(
    SCHEMES,
    'svix-* stand in for an accepted timestamped webhook-signature',
    ' && !accepted.includes(timestampedScheme)',
    '',
  ),
];
