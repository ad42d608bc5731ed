import { mutate, type Mutation } from './mutation.js';

const OPTIONS = 'webhook-input.ts';
const SECRET = 'webhook-secret.ts';

/** S9 and S10: which secrets are good, and which keys they make. */
export const secretMutations: readonly Mutation[] = [
  mutate('placeholder-secret.ts', 'variables may be left unfilled', 'hasGap(text) ||', ''),
  mutate(
    SECRET,
    'the padding of a secret is not looked at',
    'digits !== text && text.length % 4 !== 0',
    'false',
  ),
  mutate(SECRET, 'the padding of a secret is required', 'digits !== text && text.length', 'text.length'),
  mutate(SECRET, 'any padding of a secret is good', '/={1,2}$/', '/=+$/'),
  mutate(
    SECRET,
    'a secret is decoded without a look',
    'return isCanonical && !isPaddedInPart ? bytes : undefined;',
    'return isPaddedInPart ? undefined : bytes;',
  ),
  mutate(SECRET, 'short keys are good', 'bytes.length >= SHORTEST_STANDARD_KEY_BYTES', 'bytes.length > 0'),
  mutate(
    SECRET,
    'keys of 16 bytes are refused',
    'bytes.length >= SHORTEST_STANDARD_KEY_BYTES',
    'bytes.length > SHORTEST_STANDARD_KEY_BYTES',
  ),
  mutate(
    SECRET,
    'whsec_ is not taken off',
    'return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;',
    'return secret;',
  ),
  mutate(
    SECRET,
    'whsec_ is taken off twice',
    'return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;',
    "return secret.replaceAll('whsec_', '');",
  ),
  mutate(
    SECRET,
    'a secret begins after its first underscore',
    'return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;',
    "return secret.split('_')[1] ?? secret;",
  ),
  mutate(
    SECRET,
    'whsec_ is required',
    'return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;',
    "return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '';",
  ),
  mutate(
    SECRET,
    'whsec_ is taken off for every scheme',
    "return Buffer.from(secret, 'utf8');",
    "return Buffer.from(withoutPrefix(secret), 'utf8');",
  ),
  mutate(
    SECRET,
    'a secret is read as Latin-1',
    "return Buffer.from(secret, 'utf8');",
    "return Buffer.from(secret, 'latin1');",
  ),
  mutate(
    SECRET,
    'standard falls back to the text of the secret',
    "standard: keysOf('standard'),",
    "standard: keysOf('standard').length > 0 ? keysOf('standard') : keysOf('digest'),",
  ),
  mutate(
    SECRET,
    'only the first secret counts',
    'secrets.flatMap((secret, position) =>',
    'secrets.slice(0, 1).flatMap((secret, position) =>',
  ),
  mutate(SECRET, 'white space around a secret is good', '/^\\s|\\s$/.test(secret)', "secret.trim() === ''"),
  mutate(
    SECRET,
    'secrets of 7 characters are good',
    'const SHORTEST_SECRET = 8;',
    'const SHORTEST_SECRET = 7;',
  ),
  mutate(
    SECRET,
    'secrets of 8 characters are refused',
    'const SHORTEST_SECRET = 8;',
    'const SHORTEST_SECRET = 9;',
  ),
  mutate(
    SECRET,
    'whsec_ counts as characters of a secret',
    'withoutPrefix(secret).length < SHORTEST_SECRET',
    'secret.length < SHORTEST_SECRET',
  ),
  mutate(SECRET, 'a pasted signature is good', "secret.startsWith('v1,')", "secret.startsWith('v2,')"),
  mutate(SECRET, 'a public key is good', '/^wh[sp]k_/', '/^whsk_/'),
  mutate(
    SECRET,
    'a secret that serves no accepted scheme is good',
    'if (schemes.every((scheme) => keyBytes(secret, scheme) === undefined)) {',
    'if (schemes.length === 0) {',
  ),
  mutate(
    OPTIONS,
    'only the first of several secrets is checked',
    'secrets.map((secret) => requireUsableSecret(secret, schemes))',
    'secrets.map((secret, i) => (i === 0 ? requireUsableSecret(secret, schemes) : String(secret)))',
  ),
  mutate(
    OPTIONS,
    'unknown schemes are good',
    '!schemes.every(isWebhookScheme)',
    '!schemes.some(isWebhookScheme)',
  ),
  mutate(OPTIONS, 'no scheme at all is good', 'schemes.length === 0 || ', ''),
];
