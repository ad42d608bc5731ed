import { accepts, BODY, ID, OTHER_KEY, rejects, T, type SignatureCase } from './signature-case.js';
import { standard, standardSignature, timestamped, WRONG_BASE64 } from './signed-headers.js';

/** An id whose signature holds both `+` and `/`, so that base64url differs from it. */
const id = findId((signature) => signature.includes('+') && signature.includes('/'));
const good = standardSignature({ id });
const GOOD = `v1,${good}`;
const digits = good.slice(0, 43);

const withSignature = (signature: string) => ({ headers: standard({ id, signature }) });

/** S4: which texts of a standard signature count. */
export const standardCases: readonly SignatureCase[] = [
  accepts('S4', 'standard', 'one signature', withSignature(GOOD)),
  accepts('S4', 'standard', 'the second of two signatures', withSignature(`${WRONG_BASE64} ${GOOD}`)),
  accepts('S4', 'standard', 'the first of two signatures', withSignature(`${GOOD} ${WRONG_BASE64}`)),
  accepts(
    'S4',
    'standard',
    'a signature between two others',
    withSignature(`${WRONG_BASE64} ${GOOD} ${WRONG_BASE64}`),
  ),
  accepts('S4', 'standard', 'a signature twice', withSignature(`${GOOD} ${GOOD}`)),
  accepts('S4', 'standard', 'a signature after one of another version', withSignature(`v2,${good} ${GOOD}`)),
  accepts(
    'S4',
    'standard',
    'a signature after an asymmetric one',
    withSignature(`v1a,${'A'.repeat(86)}== ${GOOD}`),
  ),
  accepts('S4', 'standard', 'a signature after one that is too short', withSignature(`v1,AAAA ${GOOD}`)),
  accepts('S4', 'standard', 'a signature after one that is empty', withSignature(`v1, ${GOOD}`)),
  accepts('S4', 'standard', 'a signature after a token without a comma', withSignature(`v1 ${GOOD}`)),
  accepts('S4', 'standard', 'a signature after words', withSignature(`how do you do ${GOOD}`)),
  accepts('S4', 'standard', 'a signature before words', withSignature(`${GOOD} how do you do`)),
  accepts('S4', 'standard', 'a signature after several spaces', withSignature(`x   ${GOOD}`)),
  accepts('S4', 'standard', 'a signature before a trailing space', {
    ...withSignature(`${GOOD} `),
    overHttp: false,
  }),
  accepts('S4', 'standard', 'a signature after a leading space', {
    ...withSignature(` ${GOOD}`),
    overHttp: false,
  }),
  accepts('S4', 'standard', 'an id that holds every printable character', {
    headers: standard({ id: ' !"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~'.trim() }),
  }),
  rejects(
    'S4',
    'signature_mismatch',
    'a well-formed signature that does not match',
    withSignature(WRONG_BASE64),
  ),
  rejects(
    'S4',
    'signature_mismatch',
    'several that do not match',
    withSignature(`${WRONG_BASE64} ${WRONG_BASE64}`),
  ),
  rejects('S4', 'signature_mismatch', 'the signature of another id', {
    headers: { ...standard(), 'webhook-id': 'msg_other' },
  }),
  rejects('S4', 'signature_mismatch', 'the signature of another time', {
    headers: { ...standard(), 'webhook-timestamp': String(T - 1) },
  }),
  rejects('S4', 'signature_mismatch', 'the signature of another body', {
    headers: standard({ body: BODY.replace('evt_1', 'evt_2') }),
  }),
  rejects('S4', 'signature_mismatch', 'the signature of another secret', {
    headers: standard({ key: OTHER_KEY }),
  }),
  rejects('S4', 'signature_mismatch', 'a signature that covers the body alone', {
    headers: standard({ signature: `v1,${Buffer.from(timestampless(), 'hex').toString('base64')}` }),
  }),
  rejects('S4', 'signature_mismatch', 'a signature whose first byte is wrong', withSignature(flipByte(0))),
  rejects('S4', 'signature_mismatch', 'a signature whose last byte is wrong', withSignature(flipByte(31))),
  rejects('S4', 'malformed_header', 'a signature without its padding', withSignature(`v1,${digits}`)),
  rejects('S4', 'malformed_header', 'a signature with one = too many', withSignature(`${GOOD}=`)),
  rejects('S4', 'malformed_header', 'a signature in base64url', withSignature(toBase64Url(GOOD))),
  rejects(
    'S4',
    'malformed_header',
    'a signature whose spare bits are set',
    withSignature(`v1,${bumpLastDigit(digits)}=`),
  ),
  rejects(
    'S4',
    'malformed_header',
    'a signature whose highest spare bit is set',
    withSignature(`v1,${bumpLastDigit(digits, 2)}=`),
  ),
  rejects(
    'S4',
    'malformed_header',
    'a signature in hex',
    withSignature(`v1,${Buffer.from(good, 'base64').toString('hex')}`),
  ),
  rejects('S4', 'malformed_header', 'a signature under V1', withSignature(`V1,${good}`)),
  rejects('S4', 'malformed_header', 'a signature under v2', withSignature(`v2,${good}`)),
  rejects('S4', 'malformed_header', 'a signature under v10', withSignature(`v10,${good}`)),
  rejects('S4', 'malformed_header', 'a signature after v1=', withSignature(`v1=${good}`)),
  rejects('S4', 'malformed_header', 'a signature after v1:', withSignature(`v1:${good}`)),
  rejects('S4', 'malformed_header', 'a signature without a version', withSignature(good)),
  rejects('S4', 'malformed_header', 'a signature after a bare comma', withSignature(`,${good}`)),
  rejects('S4', 'malformed_header', 'a signature with a comma after it', withSignature(`${GOOD},`)),
  rejects('S4', 'malformed_header', 'a signature with a second part after it', withSignature(`${GOOD},x`)),
  rejects(
    'S4',
    'malformed_header',
    'signatures that are separated by commas',
    withSignature(`${WRONG_BASE64},${GOOD}`),
  ),
  rejects(
    'S4',
    'malformed_header',
    'signatures that are separated by a tab',
    withSignature(`${WRONG_BASE64}\t${GOOD}`),
  ),
  rejects('S4', 'malformed_header', 'a signature in quotes', withSignature(`"${GOOD}"`)),
  rejects('S4', 'malformed_header', 'a space between version and signature', withSignature(`v1, ${good}`)),
  rejects(
    'S4',
    'malformed_header',
    'a space inside the signature',
    withSignature(`v1,${good.slice(0, 20)} ${good.slice(20)}`),
  ),
  rejects(
    'S4',
    'malformed_header',
    'a digit that is no base64 where padding stands',
    withSignature(`v1,${digits}-`),
  ),
  rejects(
    'S4',
    'malformed_header',
    'a = in the place of a digit',
    withSignature(`v1,${good.slice(0, 42)}==`),
  ),
  rejects('S4', 'malformed_header', 'a dot in the place of a digit', withSignature(`v1,.${good.slice(1)}`)),
  rejects('S4', 'malformed_header', 'a letter whose low byte is the right digit', {
    ...withSignature(`v1,${aliasOf(good)}`),
    overHttp: false,
  }),
  rejects('S4', 'malformed_header', 'a line break after the signature', {
    ...withSignature(`${GOOD}\n`),
    overHttp: false,
  }),
  rejects('S4', 'malformed_header', 'only words', withSignature('how do you do')),
  rejects('S4', 'malformed_header', 'only spaces', { ...withSignature('   '), overHttp: false }),
  rejects('S4', 'malformed_header', 'a timestamped signature in a standard delivery', {
    headers: {
      ...standard(),
      'webhook-signature': timestamped()['scalekit-signature'].slice(`t=${T},`.length),
    },
  }),
];

function findId(isWanted: (signature: string) => boolean): string {
  for (let i = 0; ; i++) {
    if (isWanted(standardSignature({ id: `${ID}${i}` }))) {
      return `${ID}${i}`;
    }
  }
}

function flipByte(index: number): string {
  const mac = Buffer.from(good, 'base64');
  mac.writeUInt8(mac.readUInt8(index) ^ 0xff, index);
  return `v1,${mac.toString('base64')}`;
}

function toBase64Url(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

/** The same MAC to a decoder that ignores the two spare bits. */
function bumpLastDigit(text: string, by = 1): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const last = alphabet.indexOf(text.slice(-1));
  return text.slice(0, -1) + alphabet.charAt(last + by);
}

/** The same MAC to a decoder that looks at the low byte of a UTF-16 unit. */
function aliasOf(text: string): string {
  return String.fromCharCode(0x100 + text.charCodeAt(0)) + text.slice(1);
}

function timestampless(): string {
  return timestamped({ timestamp: '' })['scalekit-signature'].split('v1=')[1] ?? '';
}
