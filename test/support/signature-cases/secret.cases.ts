import {
  accepts,
  KEY,
  OTHER_KEY,
  OTHER_SECRET,
  rejects,
  SECRET,
  type SignatureCase,
} from './signature-case.js';
import { digest, standard, timestamped } from './signed-headers.js';

const base64 = KEY.toString('base64');
const unpadded = base64.replace(/=+$/, '');
const key16 = KEY.subarray(0, 16);
const key15 = KEY.subarray(0, 15);
/** 17 bytes end in `=`, 16 in `==`, 18 in neither. */
const key17 = KEY.subarray(0, 17);
/** Encodes to `+` and `/` throughout. */
const signKey = Buffer.alloc(24, Buffer.from('fbff', 'hex'));
const text = 'my_webhook.secret';

const servesStandard = (name: string, secret: string, key: Uint8Array) =>
  accepts('S9', 'standard', `standard with ${name}`, { headers: standard({ key }), secret });

/** No delivery can be signed under `standard` with these, not even by one who guesses how they may be decoded. */
const neverStandard = (name: string, secret: string, likelyKey: Uint8Array = Buffer.alloc(0)) => [
  rejects('S9', 'invalid_secret', `standard with ${name}`, { headers: standard({ key: likelyKey }), secret }),
  rejects('S9', 'invalid_secret', `${name} where only standard is accepted`, {
    headers: {},
    secret,
    schemes: ['standard'],
    overHttp: false,
  }),
  accepts('S9', 'digest', `a digest with ${name}`, { headers: digest({ secret }), secret }),
];

/** S9: which key a secret makes. */
const keyCases: readonly SignatureCase[] = [
  servesStandard('whsec_ and padded base64', SECRET, KEY),
  servesStandard('whsec_ and base64 without its padding', `whsec_${unpadded}`, KEY),
  servesStandard('bare base64', base64, KEY),
  servesStandard('bare base64 without its padding', unpadded, KEY),
  servesStandard('a key of 16 bytes', `whsec_${key16.toString('base64')}`, key16),
  servesStandard('a key of 17 bytes', `whsec_${key17.toString('base64')}`, key17),
  servesStandard(
    'a key of 100 bytes',
    `whsec_${Buffer.alloc(100, 7).toString('base64')}`,
    Buffer.alloc(100, 7),
  ),
  servesStandard('+ and / in the secret', `whsec_${signKey.toString('base64')}`, signKey),
  servesStandard(
    'hex digits, which are base64 as well',
    'a'.repeat(32),
    Buffer.from('a'.repeat(32), 'base64'),
  ),
  ...neverStandard('whsec_ and text that is no base64', 'whsec_not!base64.at-all'),
  ...neverStandard('words with an underscore', text, Buffer.from(text)),
  ...neverStandard('whsec_ twice', `whsec_${SECRET}`, KEY),
  ...neverStandard('base64url', `whsec_${signKey.toString('base64url')}`, signKey),
  ...neverStandard('something after base64 and an underscore', `${SECRET}_x`, KEY),
  ...neverStandard('a prefix of its own before an underscore', `scalekit_${base64}`, KEY),
  ...neverStandard('WHSEC_ in upper case', `WHSEC_${base64}`, KEY),
  ...neverStandard('a key of 15 bytes', `whsec_${key15.toString('base64')}`, key15),
  ...neverStandard('half of its padding', `whsec_${key16.toString('base64').slice(0, -1)}`, key16),
  ...neverStandard('more padding than there is', `whsec_${key16.toString('base64')}====`, key16),
  ...neverStandard(
    'padding that it does not need',
    `whsec_${Buffer.alloc(18, 1).toString('base64')}=`,
    Buffer.alloc(18, 1),
  ),
  ...neverStandard(
    'a stray last digit',
    `whsec_${Buffer.alloc(18, 1).toString('base64')}A`,
    Buffer.alloc(18, 1),
  ),
  ...neverStandard(
    'spare bits that are set',
    `whsec_${key16.toString('base64').replace(/.==$/, 'x==')}`,
    key16,
  ),
  ...neverStandard('a space inside', `whsec_${base64.slice(0, 8)} ${base64.slice(8)}`, KEY),
  ...neverStandard(
    'a letter whose low byte is a base64 digit',
    `whsec_\u0141${'A'.repeat(31)}`,
    Buffer.alloc(24, 0),
  ),
  rejects('S9', 'signature_mismatch', 'standard signed with the text of the secret', {
    headers: standard({ key: Buffer.from(SECRET) }),
  }),
  rejects('S9', 'signature_mismatch', 'standard signed with the text after whsec_', {
    headers: standard({ key: Buffer.from(base64) }),
  }),
  rejects('S9', 'signature_mismatch', 'standard signed with an empty key', {
    headers: standard({ key: Buffer.alloc(0) }),
  }),
  rejects('S9', 'signature_mismatch', 'a digest signed without whsec_', {
    headers: digest({ secret: base64 }),
  }),
  rejects('S9', 'signature_mismatch', 'a timestamped signature made without whsec_', {
    headers: timestamped({ secret: base64 }),
  }),
  rejects('S9', 'signature_mismatch', 'a digest signed with the decoded key', {
    headers: digest({ secret: KEY.toString('latin1') }),
  }),
  accepts('S9', 'timestamped', 'a secret beyond Latin-1 as its UTF-8 bytes', {
    headers: timestamped({ secret: 'tajné heslo č. 1' }),
    secret: 'tajné heslo č. 1',
  }),
];

/** Several secrets while one is rotated. */
const rotationCases: readonly SignatureCase[] = [
  accepts('S9', 'standard', 'the first of two secrets', {
    headers: standard(),
    secret: [SECRET, OTHER_SECRET],
  }),
  accepts('S9', 'standard', 'the second of two secrets', {
    headers: standard(),
    secret: [OTHER_SECRET, SECRET],
  }),
  accepts('S9', 'timestamped', 'the second of two secrets for a timestamped signature', {
    headers: timestamped(),
    secret: [OTHER_SECRET, SECRET],
  }),
  accepts('S9', 'digest', 'the second of two secrets for a digest', {
    headers: digest(),
    secret: [OTHER_SECRET, SECRET],
  }),
  accepts('S9', 'standard', 'the one secret of two that can serve standard', {
    headers: standard(),
    secret: [text, SECRET],
  }),
  accepts('S9', 'standard', 'a delivery with the signatures of both secrets', {
    headers: standard({
      signature: [OTHER_KEY, KEY].map((key) => standard({ key })['webhook-signature']).join(' '),
    }),
    secret: [SECRET, OTHER_SECRET],
  }),
  accepts('S9', 'digest', 'one secret in an array', { headers: digest(), secret: [SECRET] }),
  rejects('S9', 'signature_mismatch', 'a signature of neither secret', {
    headers: standard({ key: key16 }),
    secret: [SECRET, OTHER_SECRET],
  }),
];

const refused = (name: string, secret: unknown, schemes?: SignatureCase['schemes']) =>
  rejects('S10', 'invalid_secret', `a secret that ${name}`, {
    headers: digest({ secret: String(secret) }),
    secret: secret as string,
    ...(schemes && { schemes }),
    overHttp: false,
  });

/** S10: secrets that can't be right. */
const refusedCases: readonly SignatureCase[] = [
  refused('is empty', ''),
  refused('is a space', ' '),
  refused('is many spaces', ' '.repeat(20)),
  refused('ends in a line break', `${SECRET}\n`),
  refused('ends in a Windows line break', `${SECRET}\r\n`),
  refused('ends in a space', `${SECRET} `),
  refused('begins with a space', ` ${SECRET}`),
  refused('begins with a tab', `\t${SECRET}`),
  refused('begins with a byte order mark', `\ufeff${SECRET}`),
  refused('ends in a no-break space', `${SECRET}\u00a0`),
  refused('has 7 characters', 'abcdefg'),
  refused('has 7 characters after whsec_', 'whsec_abcdefg'),
  refused('is whsec_ alone', 'whsec_'),
  refused('is a pasted signature', standard()['webhook-signature']),
  refused('is an asymmetric private key', `whsk_${base64}`),
  refused('is an asymmetric public key', `whpk_${base64}`),
  refused('is no text', 12345678),
  refused('is the text of a missing variable', 'whsec_undefined'),
  refused('is a text with an unfilled variable', 'whsec_acme-${TENANT}', ['digest']),
  refused('is a variable that was not filled in', 'whsec_${ACME_SECRET}'),
  refused('is a word of the documentation', 'whsec_your_secret_here', ['digest']),
  refused('is an array with a placeholder', [SECRET, 'changeme']),
  refused('is missing', undefined),
  refused('is null', null),
  refused('is a Buffer', KEY),
  refused('is an empty array', []),
  refused('is an array with one bad secret', [SECRET, '']),
  refused('is an array with something that is no text', [SECRET, undefined]),
  refused(
    'is an array of more than a hundred',
    Array.from({ length: 101 }, () => SECRET),
  ),
  refused('is too short, though only digest is accepted', 'abcdefg', ['digest']),
  accepts('S10', 'digest', 'a secret of 8 characters', {
    headers: digest({ secret: 'abcdefgh' }),
    secret: 'abcdefgh',
  }),
  accepts('S10', 'timestamped', 'a secret of 8 characters after whsec_', {
    headers: timestamped({ secret: 'whsec_abcdefgh' }),
    secret: 'whsec_abcdefgh',
  }),
  accepts('S10', 'digest', 'a secret with spaces inside', {
    headers: digest({ secret: 'correct horse battery staple' }),
    secret: 'correct horse battery staple',
  }),
];

export const secretCases: readonly SignatureCase[] = [...keyCases, ...rotationCases, ...refusedCases];
