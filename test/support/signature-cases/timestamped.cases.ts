import { accepts, BODY, OTHER_SECRET, rejects, T, type SignatureCase } from './signature-case.js';
import {
  digestSignature,
  standardSignature,
  timestamped,
  timestampedSignature,
  WRONG_HEX,
} from './signed-headers.js';

const hex = timestampedSignature();
const header = (value: string) => ({ headers: { 'scalekit-signature': value } });
const ownHeader = (value: string) => ({ headers: { 'webhook-signature': value } });

/** S6: how a timestamped header is written. */
export const timestampedCases: readonly SignatureCase[] = [
  accepts('S6', 'timestamped', 'a time and a signature', header(`t=${T},v1=${hex}`)),
  accepts('S6', 'timestamped', 'the same in webhook-signature', ownHeader(`t=${T},v1=${hex}`)),
  accepts(
    'S6',
    'timestamped',
    'the signature before the time in scalekit-signature',
    header(`v1=${hex},t=${T}`),
  ),
  accepts('S6', 'timestamped', 'upper-case hex', header(`t=${T},v1=${hex.toUpperCase()}`)),
  accepts('S6', 'timestamped', 'hex in mixed case', header(`t=${T},v1=${mixCase(hex)}`)),
  accepts('S6', 'timestamped', 'the second of two signatures', header(`t=${T},v1=${WRONG_HEX},v1=${hex}`)),
  accepts('S6', 'timestamped', 'the first of two signatures', header(`t=${T},v1=${hex},v1=${WRONG_HEX}`)),
  accepts('S6', 'timestamped', 'signatures around the time', header(`v1=${WRONG_HEX},t=${T},v1=${hex}`)),
  accepts('S6', 'timestamped', 'unknown parts', header(`t=${T},v0=${WRONG_HEX},v1=${hex},alg=hs256,x`)),
  accepts('S6', 'timestamped', 'empty parts', header(`,t=${T},,v1=${hex},`)),
  accepts(
    'S6',
    'timestamped',
    'a signature of another length beside a good one',
    header(`t=${T},v1=abc,v1=${hex}`),
  ),
  accepts('S6', 'timestamped', 'an empty signature beside a good one', header(`t=${T},v1=,v1=${hex}`)),
  accepts('S6', 'timestamped', 'a part that only begins like a time', header(`t=${T},ts=1,T=2,v1=${hex}`)),
  rejects(
    'S6',
    'signature_mismatch',
    'a well-formed signature that does not match',
    header(`t=${T},v1=${WRONG_HEX}`),
  ),
  rejects('S6', 'signature_mismatch', 'the signature of another time', header(`t=${T - 1},v1=${hex}`)),
  rejects('S6', 'signature_mismatch', 'the signature of another secret', {
    headers: timestamped({ secret: OTHER_SECRET }),
  }),
  rejects('S6', 'signature_mismatch', 'the signature of another body', {
    headers: timestamped({ body: `${BODY} ` }),
  }),
  rejects(
    'S6',
    'signature_mismatch',
    'a signature of the body alone',
    header(`t=${T},v1=${digestSignature()}`),
  ),
  rejects('S6', 'malformed_header', 'no time', header(`v1=${hex}`)),
  rejects('S6', 'malformed_header', 'the same time twice', header(`t=${T},t=${T},v1=${hex}`)),
  rejects('S6', 'malformed_header', 'two times', header(`t=${T},v1=${hex},t=${T - 1}`)),
  rejects('S6', 'malformed_header', 'an empty time beside a good one', header(`t=,t=${T},v1=${hex}`)),
  rejects('S6', 'malformed_header', 'an empty time', header(`t=,v1=${hex}`)),
  rejects('S6', 'malformed_header', 'no signature', header(`t=${T}`)),
  rejects('S6', 'malformed_header', 'an empty signature', header(`t=${T},v1=`)),
  rejects('S6', 'malformed_header', 'a signature of 63 digits', header(`t=${T},v1=${hex.slice(1)}`)),
  rejects('S6', 'malformed_header', 'a signature of 65 digits', header(`t=${T},v1=${hex}0`)),
  rejects('S6', 'malformed_header', 'a signature of 66 digits', header(`t=${T},v1=${hex}00`)),
  rejects('S6', 'malformed_header', 'a signature that is not hex', header(`t=${T},v1=${hex.slice(1)}g`)),
  rejects(
    'S6',
    'malformed_header',
    'a signature in base64',
    header(`t=${T},v1=${Buffer.from(hex, 'hex').toString('base64')}`),
  ),
  rejects('S6', 'malformed_header', 'a signature after sha256=', header(`t=${T},v1=sha256=${hex}`)),
  rejects(
    'S6',
    'malformed_header',
    'a signature in a part that only ends like one',
    header(`t=${T},xv1=${hex}`),
  ),
  rejects('S6', 'malformed_header', 'a signature under V1', header(`t=${T},V1=${hex}`)),
  rejects('S6', 'malformed_header', 'a signature under v2', header(`t=${T},v2=${hex}`)),
  rejects('S6', 'malformed_header', 'a signature after v1:', header(`t=${T},v1:${hex}`)),
  rejects('S6', 'malformed_header', 'a time under T', header(`T=${T},v1=${hex}`)),
  rejects('S6', 'malformed_header', 'a time under ts', header(`ts=${T},v1=${hex}`)),
  rejects('S6', 'malformed_header', 'a time after t:', header(`t:${T},v1=${hex}`)),
  rejects('S6', 'malformed_header', 'semicolons', header(`t=${T};v1=${hex}`)),
  rejects('S6', 'malformed_header', 'a space instead of the comma', header(`t=${T} v1=${hex}`)),
  rejects('S6', 'malformed_header', 'a space after the comma', header(`t=${T}, v1=${hex}`)),
  rejects('S6', 'malformed_header', 'a space in an unknown part', header(`t=${T},v1=${hex},note=a b`)),
  rejects('S6', 'malformed_header', 'a tab in an unknown part', header(`t=${T},v1=${hex},note=a\tb`)),
  rejects(
    'S6',
    'malformed_header',
    'a header that a proxy has joined from two',
    header(`t=${T},v1=${hex}, t=${T},v1=${hex}`),
  ),
  rejects('S6', 'malformed_header', 'a space before the header', {
    ...header(` t=${T},v1=${hex}`),
    overHttp: false,
  }),
  rejects('S6', 'malformed_header', 'a space after the header', {
    ...header(`t=${T},v1=${hex} `),
    overHttp: false,
  }),
  rejects('S6', 'malformed_header', 'a line break after the header', {
    ...header(`t=${T},v1=${hex}\n`),
    overHttp: false,
  }),
  rejects('S6', 'malformed_header', 'a standard signature', header(`v1,${standardSignature()}`)),
  rejects('S6', 'malformed_header', 'a bare signature', header(hex)),
];

function mixCase(text: string): string {
  return Array.from(text, (letter, i) => (i % 2 ? letter.toUpperCase() : letter)).join('');
}
