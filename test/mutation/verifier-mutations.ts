/** One deliberate mistake: `search` occurs exactly once in the file and is replaced. */
export interface Mutation {
  readonly name: string;
  /** Below lib/signature/. */
  readonly file: string;
  readonly search: string;
  readonly replacement: string;
}

const mutate = (file: string, name: string, search: string, replacement: string): Mutation => ({
  name,
  file,
  search,
  replacement,
});

const HEADERS = 'schemes/signature-headers.ts';
const VALUE = 'schemes/header-value.ts';
const SYNTAX = 'schemes/header-syntax.ts';
const BASE64 = 'schemes/base64-mac.ts';
const STANDARD = 'schemes/standard.scheme.ts';
const TIMESTAMPED = 'schemes/timestamped.scheme.ts';
const DIGEST = 'schemes/digest.scheme.ts';
const SCHEMES = 'schemes/signature-schemes.ts';
const LIMIT = 'schemes/signature-scheme.ts';
const VERIFY = 'verify-webhook.ts';
const MAC = 'webhook-mac.ts';
const DELIVERY = 'webhook-delivery.ts';
const FOREIGN = 'webhook-foreign-values.ts';
const OPTIONS = 'webhook-verifier-options.ts';
const SECRET = 'webhook-secret.ts';

export const verifierMutations: readonly Mutation[] = [
  // S1: names and values of headers
  mutate(
    HEADERS,
    'header names are compared by case',
    ' ?? NAMES.find((name) => equalsIgnoringAsciiCase(anyCase, name))',
    '',
  ),
  mutate(
    HEADERS,
    'header names are compared by toLowerCase',
    'equalsIgnoringAsciiCase(anyCase, name))',
    'anyCase.toLowerCase() === name)',
  ),
  mutate(
    HEADERS,
    'inherited headers count',
    ' && Object.prototype.hasOwnProperty.call(headers, anyCase)',
    '',
  ),
  mutate(
    HEADERS,
    'only lower-case first letters pass the filter',
    '(anyCase.charCodeAt(0) | LOWER_CASE_BIT)',
    'anyCase.charCodeAt(0)',
  ),
  mutate(
    HEADERS,
    'a Fetch Headers is read as a plain object',
    "typeof headers.entries === 'function'",
    "typeof headers.entries === 'string'",
  ),
  mutate(
    HEADERS,
    'svix-id overwrites webhook-id',
    'found.svix.id = addValue(found.svix.id, value)',
    'found.webhook.id = addValue(found.svix.id, value)',
  ),
  mutate(HEADERS, 'x-scalekit-signature is not known', "  'x-scalekit-signature',\n", ''),
  mutate(
    VALUE,
    'the last of several values wins',
    "return { firstValue: typeof current === 'string' ? current : current.firstValue };",
    'return value;',
  ),
  mutate(
    VALUE,
    'the first of several values wins',
    "return { firstValue: typeof current === 'string' ? current : current.firstValue };",
    'return current;',
  ),
  mutate(
    VALUE,
    'the first item of an array wins',
    "return value.length === 1 && typeof firstValue === 'string' ? firstValue : { firstValue };",
    "return typeof firstValue === 'string' ? firstValue : { firstValue };",
  ),
  mutate(
    VALUE,
    'values are trimmed',
    "  if (typeof value === 'string') {\n    return value;\n  }\n  if (value === undefined || value === null)",
    "  if (typeof value === 'string') {\n    return value.trim();\n  }\n  if (value === undefined || value === null)",
  ),
  mutate(
    VALUE,
    'a header that is no text counts as absent',
    '    return { firstValue: value };',
    '    return undefined;',
  ),
  mutate(
    VALUE,
    'an empty array is a header',
    '  if (value.length === 0) {\n    return undefined;\n  }\n',
    '',
  ),
  mutate(
    VALUE,
    'a repeated header is told by nothing',
    "typeof value === 'object' ? value.firstValue : value",
    'value',
  ),

  mutate(
    HEADERS,
    'a name that only begins like one of ours counts',
    'if (anyCase.length !== lowerCase.length)',
    'if (anyCase.length < lowerCase.length)',
  ),
  mutate(HEADERS, 'control characters count as capitals', 'code >= 65 && code <= 90', 'code <= 90'),
  mutate(
    VALUE,
    'an empty header counts as absent',
    "  if (typeof value === 'string') {\n    return value;\n  }\n  if (value === undefined || value === null)",
    "  if (value === '') {\n    return undefined;\n  }\n  if (typeof value === 'string') {\n    return value;\n  }\n  if (value === undefined || value === null)",
  ),

  // S2, S3: who owns a header, who decides
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
    '    const claim = scheme.read(heeded);',
    '    let claim;\n    try {\n      claim = scheme.read(heeded);\n    } catch (error) {\n      if (scheme === accepted.at(-1)) {\n        throw error;\n      }\n    }',
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

  // S4: standard
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

  // S5: timestamps
  mutate(VERIFY, 'old timestamps are good', 'now - timestamp > toleranceSeconds', 'false'),
  mutate(VERIFY, 'new timestamps are good', 'timestamp - now > toleranceSeconds', 'false'),
  mutate(
    VERIFY,
    'the tolerance ends a second early for old ones',
    'now - timestamp > toleranceSeconds',
    'now - timestamp >= toleranceSeconds',
  ),
  mutate(
    VERIFY,
    'the tolerance ends a second early for new ones',
    'timestamp - now > toleranceSeconds',
    'timestamp - now >= toleranceSeconds',
  ),
  mutate(
    VERIFY,
    'the tolerance ends a second late',
    'now - timestamp > toleranceSeconds',
    'now - timestamp > toleranceSeconds + 1',
  ),
  mutate(
    VERIFY,
    'the tolerance is always the default',
    'requireTimely(claim.proves, delivery.now, toleranceSeconds)',
    'requireTimely(claim.proves, delivery.now, 300)',
  ),
  mutate(
    VERIFY,
    'timestamps are not looked at',
    '        requireTimely(claim.proves, delivery.now, toleranceSeconds);\n',
    '',
  ),
  mutate(
    OPTIONS,
    'the default tolerance is an hour',
    'DEFAULT_TOLERANCE_SECONDS = 300',
    'DEFAULT_TOLERANCE_SECONDS = 3600',
  ),
  mutate(
    OPTIONS,
    'a tolerance may be infinite',
    'toleranceSeconds < Infinity',
    'toleranceSeconds <= Infinity',
  ),
  mutate(OPTIONS, 'a tolerance may be negative', 'toleranceSeconds >= 0', 'toleranceSeconds >= -1'),
  mutate(DELIVERY, 'the clock is not rounded down', 'Math.floor(now / 1000)', 'now / 1000'),
  mutate(DELIVERY, 'the clock is rounded', 'Math.floor(now / 1000)', 'Math.round(now / 1000)'),
  mutate(
    DELIVERY,
    'the given clock is ignored',
    'now === undefined ? Date.now() : millisecondsOf(now)',
    'Date.now()',
  ),
  mutate(DELIVERY, 'an invalid clock is good', 'if (Number.isNaN(now)) {', 'if (now < 0) {'),
  mutate(SYNTAX, 'timestamps may have 16 digits', 'const MOST_DIGITS = 15;', 'const MOST_DIGITS = 16;'),
  mutate(
    SYNTAX,
    'timestamps may have 14 digits at most',
    'const MOST_DIGITS = 15;',
    'const MOST_DIGITS = 14;',
  ),
  mutate(SYNTAX, 'an empty timestamp is good', "if (text === '') {", "if (text === ' ') {"),
  mutate(
    SYNTAX,
    'timestamps are parsed as parseInt does',
    'let seconds = 0;',
    'let seconds = parseInt(text, 10);\n  if (!Number.isNaN(seconds)) return seconds;',
  ),
  mutate(
    SYNTAX,
    'what follows the digits of a timestamp is ignored',
    'if (digit < 0 || digit > 9 || i === MOST_DIGITS) {',
    'if (i > 0 && (digit < 0 || digit > 9)) return seconds;\n    if (digit < 0 || digit > 9 || i === MOST_DIGITS) {',
  ),
  mutate(
    STANDARD,
    'the number is signed instead of the text',
    'signedPrefix: signedPrefix({ id, timestamp }),',
    'signedPrefix: signedPrefix({ id, timestamp: String(parseTimestamp(timestamp)) }),',
  ),
  mutate(
    TIMESTAMPED,
    'the number is signed instead of the text in timestamped',
    'signedPrefix: signedPrefix({ timestamp }),',
    'signedPrefix: signedPrefix({ timestamp: String(parseTimestamp(timestamp)) }),',
  ),

  // S6: timestamped
  mutate(TIMESTAMPED, 'white space is good', '/\\s/.test(header)', 'false'),
  mutate(TIMESTAMPED, 'only spaces are white space', '/\\s/.test(header)', "header.includes(' ')"),
  mutate(
    TIMESTAMPED,
    'the last of two times counts',
    "      if (timestamp !== undefined) {\n        throw malformed('holds more than one t=');\n      }\n",
    '',
  ),
  mutate(TIMESTAMPED, 'only lower-case hex is good', '/^v1=[0-9A-Fa-f]{64}$/', '/^v1=[0-9a-f]{64}$/'),
  mutate(TIMESTAMPED, 'hex of any length is good', '/^v1=[0-9A-Fa-f]{64}$/', '/^v1=[0-9A-Fa-f]{64,}$/'),
  mutate(
    TIMESTAMPED,
    'the end of a signature is not looked at',
    '/^v1=[0-9A-Fa-f]{64}$/',
    '/^v1=[0-9A-Fa-f]{64}/',
  ),
  mutate(
    TIMESTAMPED,
    'any version is good in timestamped',
    '/^v1=[0-9A-Fa-f]{64}$/',
    '/^v\\d=[0-9A-Fa-f]{64}$/',
  ),
  mutate(
    TIMESTAMPED,
    'a time without a signature gets as far as the secret',
    "throw malformed('holds no v1= of 64 hex digits');",
    '',
  ),
  mutate(TIMESTAMPED, 'the time is not signed', 'return `${timestamp}.`;', "return timestamp && '';"),

  mutate(
    TIMESTAMPED,
    'the first of two times counts',
    "      if (timestamp !== undefined) {\n        throw malformed('holds more than one t=');\n      }\n      timestamp = part",
    '      timestamp ??= part',
  ),

  // S7: digest
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

  // S8: the body
  mutate(
    MAC,
    'the body is decoded',
    '.update(body)',
    ".update(typeof body === 'string' ? body : Buffer.from(body).toString())",
  ),
  mutate(
    MAC,
    'the body is read as Latin-1',
    '.update(body)',
    ".update(typeof body === 'string' ? Buffer.from(body, 'latin1') : body)",
  ),
  mutate(
    MAC,
    'the body is trimmed',
    '.update(body)',
    ".update(typeof body === 'string' ? body.trim() : body)",
  ),
  mutate(
    MAC,
    'the whole memory of a view is hashed',
    '.update(body)',
    ".update(typeof body === 'string' ? body : Buffer.from(body.buffer))",
  ),
  mutate(MAC, 'the body is not hashed', '.update(body)', ''),
  mutate(MAC, 'another hash is used', "createHmac('sha256', key)", "createHmac('sha512-256', key)"),
  mutate(MAC, 'a hash without the key is used', "createHmac('sha256', key)", "createHmac('sha256', '')"),
  mutate(
    FOREIGN,
    'every view is a body',
    "ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'",
    'ArrayBuffer.isView(value)',
  ),
  mutate(
    FOREIGN,
    'every object is a body',
    'value instanceof Uint8Array ||',
    "(typeof value === 'object' && value !== null) ||",
  ),

  // S9, S10: secrets
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
    'return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;',
    'return secret;',
  ),
  mutate(
    SECRET,
    'whsec_ is taken off twice',
    'return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;',
    "return secret.replaceAll('whsec_', '');",
  ),
  mutate(
    SECRET,
    'a secret begins after its first underscore',
    'return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;',
    "return secret.split('_')[1] ?? secret;",
  ),
  mutate(
    SECRET,
    'whsec_ is required',
    'return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;',
    "return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';",
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
    'return { standard: standardKeys,',
    'return { standard: standardKeys.length > 0 ? standardKeys : textKeys,',
  ),
  mutate(
    SECRET,
    'only the first secret counts',
    'const textKeys = secrets.map(',
    'const textKeys = secrets.slice(0, 1).map(',
  ),
  mutate(
    SECRET,
    'only the first secret counts for standard',
    'const standardKeys = secrets\n',
    'const standardKeys = secrets\n    .slice(0, 1)\n',
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

  // The verdict itself, S11
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
