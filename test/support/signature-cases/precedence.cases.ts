import { accepts, ID, rejects, T, type SignatureCase } from './signature-case.js';
import {
  digest,
  standard,
  standardSignature,
  svix,
  timestamped,
  timestampedSignature,
  timestampedValue,
  WRONG,
  WRONG_BASE64,
  WRONG_HEX,
} from './signed-headers.js';

const wrongSvix = svix({ signature: WRONG_BASE64 });
const stale = { timestamp: T - 301 };

/** S2: which scheme a header speaks for. */
const ownershipCases: readonly SignatureCase[] = [
  accepts('S2', 'standard', 'svix-* in the place of webhook-*', { headers: svix() }),
  accepts('S2', 'timestamped', 'webhook-signature that begins with t=', {
    headers: { 'webhook-signature': timestampedValue() },
  }),
  accepts('S2', 'timestamped', 'webhook-signature that begins with t= beside an id and a timestamp', {
    headers: { 'webhook-id': ID, 'webhook-timestamp': '1', 'webhook-signature': timestampedValue() },
  }),
  rejects('S2', 'malformed_header', 'webhook-signature whose t= comes second', {
    headers: { ...standard(), 'webhook-signature': `v1=${timestampedSignature()},t=${T}` },
  }),
  accepts('S2', 'standard', 'webhook-signature that begins with a t, but not with t=', {
    headers: standard({ signature: `t v1,${standardSignature()}` }),
  }),
  rejects('S2', 'malformed_header', 'webhook-signature that begins with T=', {
    headers: { ...standard(), 'webhook-signature': timestampedValue().replace('t=', 'T=') },
  }),
  rejects('S2', 'malformed_header', 'webhook-signature with a space before its t=', {
    headers: { ...standard(), 'webhook-signature': ` ${timestampedValue()}` },
    overHttp: false,
  }),
  rejects('S2', 'malformed_header', 'a good standard signature after t= in one header', {
    headers: { ...standard(), 'webhook-signature': `t=${T} v1,${standardSignature()}` },
  }),
  accepts('S2', 'timestamped', 'a good scalekit-signature beside a wrong webhook-signature with t=', {
    headers: { ...timestamped(), 'webhook-signature': `t=${T},v1=${WRONG_HEX}` },
  }),
  rejects('S2', 'signature_mismatch', 'a wrong scalekit-signature beside a good webhook-signature with t=', {
    headers: { ...WRONG.timestamped, 'webhook-signature': timestampedValue() },
  }),
  rejects('S2', 'malformed_header', 'an empty scalekit-signature beside a good webhook-signature with t=', {
    headers: { 'scalekit-signature': '', 'webhook-signature': timestampedValue() },
  }),
  rejects('S2', 'missing_headers', 'svix-signature with the id and timestamp of webhook-*', {
    headers: {
      'svix-signature': svix()['svix-signature'],
      'webhook-id': ID,
      'webhook-timestamp': String(T),
    },
  }),
  rejects('S2', 'missing_headers', 'webhook-signature with the id and timestamp of svix-*', {
    headers: {
      'webhook-signature': standard()['webhook-signature'],
      'svix-id': ID,
      'svix-timestamp': String(T),
    },
  }),
  rejects('S2', 'missing_headers', 'svix-signature with svix-timestamp and webhook-id', {
    headers: {
      'svix-signature': svix()['svix-signature'],
      'svix-timestamp': String(T),
      'webhook-id': ID,
    },
  }),
  rejects('S2', 'signature_mismatch', 'a wrong webhook-signature in spite of good svix-*', {
    headers: { ...WRONG.standard, ...svix() },
  }),
  rejects('S2', 'malformed_header', 'an empty webhook-signature in spite of good svix-*', {
    headers: { ...standard({ signature: '' }), ...svix() },
  }),
  accepts('S2', 'standard', 'good webhook-* in spite of wrong svix-*', {
    headers: { ...standard(), ...wrongSvix },
  }),
  rejects('S2', 'malformed_header', 'svix-signature in the timestamped format', {
    headers: svix({ signature: timestampedValue() }),
  }),
  rejects('S2', 'signature_mismatch', 'a wrong webhook-signature with t= in spite of good svix-*', {
    headers: { 'webhook-signature': `t=${T},v1=${WRONG_HEX}`, ...svix() },
  }),
  accepts('S2', 'timestamped', 'a good webhook-signature with t= in spite of wrong svix-*', {
    headers: { 'webhook-signature': timestampedValue(), ...wrongSvix },
  }),
];

/** S3: which of several present schemes decides. */
const precedenceCases: readonly SignatureCase[] = [
  accepts('S3', 'standard', 'a good standard signature, whatever the weaker ones are', {
    headers: { ...WRONG.digest, ...WRONG.timestamped, ...standard() },
  }),
  rejects('S3', 'signature_mismatch', 'a wrong standard signature in spite of good weaker ones', {
    headers: { ...digest(), ...timestamped(), ...WRONG.standard },
  }),
  rejects('S3', 'timestamp_too_old', 'a stale standard signature in spite of a good digest', {
    headers: { ...digest(), ...standard(stale) },
  }),
  rejects('S3', 'missing_headers', 'a standard signature without an id in spite of a good digest', {
    headers: { ...digest(), 'webhook-signature': WRONG_BASE64 },
  }),
  rejects('S3', 'malformed_header', 'an unreadable standard signature in spite of a good timestamped one', {
    headers: { ...timestamped(), ...standard({ signature: 'v2,x' }) },
  }),
  accepts('S3', 'timestamped', 'a good timestamped signature beside a wrong digest', {
    headers: { ...WRONG.digest, ...timestamped() },
  }),
  rejects('S3', 'signature_mismatch', 'a wrong timestamped signature in spite of a good digest', {
    headers: { ...digest(), ...WRONG.timestamped },
  }),
  rejects('S3', 'timestamp_too_old', 'a stale timestamped signature in spite of a good digest', {
    headers: { ...digest(), ...timestamped(stale) },
  }),
  accepts('S3', 'standard', 'the strongest scheme first, whatever the order of the accepted ones', {
    headers: { ...WRONG.digest, ...standard() },
    schemes: ['digest', 'timestamped', 'standard'],
  }),
  rejects('S3', 'signature_mismatch', 'by the strongest scheme, whatever the order of the accepted ones', {
    headers: { ...digest(), ...WRONG.standard },
    schemes: ['digest', 'standard'],
  }),
  accepts('S3', 'digest', 'a digest beside a wrong standard signature when only digest is accepted', {
    headers: { ...WRONG.standard, ...digest() },
    schemes: ['digest'],
  }),
  accepts('S3', 'digest', 'a digest beside a wrong timestamped signature when only digest is accepted', {
    headers: { ...WRONG.timestamped, ...digest() },
    schemes: ['digest'],
  }),
  accepts('S3', 'timestamped', 'scalekit-signature beside webhook-signature of the unaccepted standard', {
    headers: { ...WRONG.standard, ...timestamped() },
    schemes: ['timestamped'],
  }),
  accepts('S3', 'timestamped', 'a timestamped signature when standard is not accepted', {
    headers: { ...WRONG.standard, ...timestamped(), ...WRONG.digest },
    schemes: ['timestamped', 'digest'],
  }),
  accepts('S3', 'digest', 'a digest when the unaccepted standard is all else that is there', {
    headers: { ...WRONG.standard, ...digest() },
    schemes: ['timestamped', 'digest'],
  }),
  accepts('S3', 'digest', 'a digest beside a repeated header of the unaccepted standard', {
    headers: { ...digest(), 'webhook-signature': [WRONG_BASE64, WRONG_BASE64] },
    schemes: ['timestamped', 'digest'],
    overHttp: false,
  }),
  rejects('S3', 'malformed_header', 'a repeated webhook-signature with t= in spite of a good digest', {
    headers: { ...digest(), 'webhook-signature': [timestampedValue(), timestampedValue()] },
    schemes: ['timestamped', 'digest'],
    overHttp: false,
  }),
  accepts('S3', 'standard', 'svix-* when webhook-signature is of the unaccepted timestamped', {
    headers: { 'webhook-signature': timestampedValue(), ...svix() },
    schemes: ['standard', 'digest'],
  }),
  rejects('S3', 'missing_headers', 'a digest when only standard is accepted', {
    headers: digest(),
    schemes: ['standard'],
  }),
  rejects('S3', 'missing_headers', 'a timestamped signature when only standard is accepted', {
    headers: { ...timestamped(), 'webhook-signature': timestampedValue() },
    schemes: ['standard'],
  }),
  rejects('S3', 'missing_headers', 'a standard signature when only the weaker ones are accepted', {
    headers: { ...standard(), ...svix() },
    schemes: ['timestamped', 'digest'],
  }),
  rejects('S3', 'missing_headers', 'a timestamped signature when only digest is accepted', {
    headers: timestamped(),
    schemes: ['digest'],
  }),
  rejects('S3', 'invalid_options', 'an empty list of schemes', {
    headers: standard(),
    schemes: [],
    overHttp: false,
  }),
  rejects('S3', 'invalid_options', 'an unknown scheme', {
    headers: standard(),
    schemes: ['standard', 'none' as 'digest'],
    overHttp: false,
  }),
];

export const precedenceAndOwnershipCases: readonly SignatureCase[] = [...ownershipCases, ...precedenceCases];
