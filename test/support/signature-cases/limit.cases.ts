import { accepts, ID, rejects, T, type SignatureCase } from './signature-case.js';
import {
  standard,
  standardSignature,
  timestampedSignature,
  WRONG_BASE64,
  WRONG_HEX,
} from './signed-headers.js';

const GOOD = `v1,${standardSignature()}`;
const GOOD_HEX = timestampedSignature();
const times = (text: string, count: number) => Array.from({ length: count }, () => text);
const list = (...tokens: string[]) => ({ headers: standard({ signature: tokens.join(' ') }) });
const parts = (...items: string[]) => ({ headers: { 'scalekit-signature': [`t=${T}`, ...items].join(',') } });

/** S11: how much of a header is looked at. */
export const limitCases: readonly SignatureCase[] = [
  accepts('S11', 'standard', 'the hundredth signature', list(...times(WRONG_BASE64, 99), GOOD)),
  rejects(
    'S11',
    'signature_mismatch',
    'the signature after a hundred others',
    list(...times(WRONG_BASE64, 100), GOOD),
  ),
  accepts('S11', 'standard', 'the first of two hundred signatures', list(GOOD, ...times(WRONG_BASE64, 199))),
  accepts(
    'S11',
    'standard',
    'a signature after a hundred tokens that do not count',
    list(...times('v2,x', 100), GOOD),
  ),
  accepts(
    'S11',
    'timestamped',
    'the hundredth timestamped signature',
    parts(...times(`v1=${WRONG_HEX}`, 99), `v1=${GOOD_HEX}`),
  ),
  rejects(
    'S11',
    'signature_mismatch',
    'the timestamped signature after a hundred others',
    parts(...times(`v1=${WRONG_HEX}`, 100), `v1=${GOOD_HEX}`),
  ),
  rejects(
    'S11',
    'malformed_header',
    'a second time after a hundred signatures',
    parts(...times(`v1=${GOOD_HEX}`, 100), `t=${T}`),
  ),
  accepts(
    'S11',
    'timestamped',
    'a signature after a hundred parts that do not count',
    parts(...times('x', 100), `v1=${GOOD_HEX}`),
  ),
  accepts('S11', 'standard', 'a signature after a million spaces', {
    headers: standard({ signature: ' '.repeat(1_000_000) + GOOD }),
    overHttp: false,
  }),
  rejects('S11', 'malformed_header', 'a million spaces', {
    headers: standard({ signature: ' '.repeat(1_000_000) }),
    overHttp: false,
  }),
  rejects('S11', 'malformed_header', 'a million commas', {
    headers: { 'scalekit-signature': `t=${T}${','.repeat(1_000_000)}` },
    overHttp: false,
  }),
  rejects('S11', 'malformed_header', 'a million digits', {
    headers: { 'x-scalekit-signature': '0'.repeat(1_000_000) },
    overHttp: false,
  }),
  accepts('S11', 'standard', 'an id of a million letters', {
    headers: standard({ id: ID.repeat(100_000) }),
    overHttp: false,
  }),
];
