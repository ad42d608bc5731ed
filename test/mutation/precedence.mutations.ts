import { mutate, type Mutation } from './mutation.js';

const STANDARD = 'schemes/standard.scheme.ts';
const TIMESTAMPED = 'schemes/timestamped.scheme.ts';
const SCHEMES = 'schemes/signature-schemes.ts';

/** S2 and S3: which scheme a header speaks for, and which one decides. */
export const precedenceMutations: readonly Mutation[] = [
  mutate(
    TIMESTAMPED,
    'webhook-signature is told by t= anywhere',
    "return startsWith(webhookSignature, 't=');",
    "return typeof webhookSignature === 'string' && webhookSignature.includes('t=');",
  ),
  mutate(
    TIMESTAMPED,
    'webhook-signature is told by t alone',
    "return startsWith(webhookSignature, 't=');",
    "return startsWith(webhookSignature, 't');",
  ),
  mutate(
    TIMESTAMPED,
    'webhook-signature never speaks for timestamped',
    "return startsWith(webhookSignature, 't=');",
    'return false;',
  ),
  mutate(
    TIMESTAMPED,
    'webhook-signature decides over scalekit-signature',
    'return scalekitSignature ?? (isTimestamped(webhook.signature) ? webhook.signature : undefined);',
    'return isTimestamped(webhook.signature) ? webhook.signature : scalekitSignature;',
  ),
  mutate(
    TIMESTAMPED,
    'an empty scalekit-signature is passed over',
    'return scalekitSignature ?? (',
    'return scalekitSignature || (',
  ),
  mutate(
    STANDARD,
    'svix-* decide over webhook-*',
    'if (webhook.signature !== undefined) {',
    'if (webhook.signature !== undefined && svix.signature === undefined) {',
  ),
  mutate(
    STANDARD,
    'svix-* stand in for a timestamped webhook-signature',
    "isTimestamped(webhook.signature) ? undefined : 'webhook'",
    "isTimestamped(webhook.signature) ? (svix.signature === undefined ? undefined : 'svix') : 'webhook'",
  ),
  mutate(STANDARD, 'svix-* are not known', "svix.signature === undefined ? undefined : 'svix'", 'undefined'),
  mutate(
    STANDARD,
    'svix-signature is used with webhook-id',
    "const id = requireText(trio.id, prefix, '-id');",
    "const id = requireText(trio.id ?? headers.webhook.id, prefix, '-id');",
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
    '    const claim = scheme.read(heeded, scratch);',
    '    let claim;\n    try {\n      claim = scheme.read(heeded, scratch);\n    } catch (error) {\n      if (scheme === accepted.at(-1)) {\n        throw error;\n      }\n    }',
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
