import { accepts, NOW, rejects, T, type SignatureCase } from './signature-case.js';
import { digest, standard, standardSignature, timestamped, timestampedSignature } from './signed-headers.js';

const LAST_MILLISECOND = new Date(NOW.getTime() + 999);

/** Texts that a lenient parser takes for a time near T, each properly signed. */
const sloppyTimestamps: readonly (readonly [name: string, text: string, overHttp: boolean])[] = [
  ['with a plus sign', `+${T}`, true],
  ['with a minus sign', `-${T}`, true],
  ['with a fraction', `${T}.0`, true],
  ['with an exponent', '1.76e9', true],
  ['in hex', `0x${T.toString(16)}`, true],
  ['with letters after it', `${T}s`, true],
  ['with a comma and a space after it', `${T}, 1`, true],
  ['with an underscore', '1_760_000_000', true],
  ['as a date', NOW.toISOString(), true],
  ['of 16 digits', String(T).padStart(16, '0'), true],
  ['of a million digits', String(T).padStart(1_000_000, '0'), false],
  ['that is empty', '', true],
  ['of a word', 'NaN', true],
  ['of infinity', 'Infinity', true],
  [
    'in the digits of another script',
    String(T).replace(/\d/g, (d) => String.fromCharCode(0x660 + Number(d))),
    false,
  ],
  [
    'in digits whose low byte is right',
    String(T).replace(/\d/, (d) => String.fromCharCode(0x100 + d.charCodeAt(0))),
    false,
  ],
  ['with a space before it', ` ${T}`, false],
  ['with a space after it', `${T} `, false],
  ['with a line break after it', `${T}\n`, false],
];

/** S5: both schemes that sign a time. */
export const timestampCases: readonly SignatureCase[] = [
  ...(['standard', 'timestamped'] as const).flatMap((scheme) => {
    const at = (timestamp: number | string) => ({
      headers: scheme === 'standard' ? standard({ timestamp }) : timestamped({ timestamp }),
    });
    return [
      accepts('S5', scheme, `${scheme}: 300 s in the past`, at(T - 300)),
      accepts('S5', scheme, `${scheme}: 300 s in the future`, at(T + 300)),
      rejects('S5', 'timestamp_too_old', `${scheme}: 301 s in the past`, at(T - 301)),
      rejects('S5', 'timestamp_too_new', `${scheme}: 301 s in the future`, at(T + 301)),
      rejects('S5', 'timestamp_too_old', `${scheme}: the epoch`, at(0)),
      rejects('S5', 'timestamp_too_new', `${scheme}: milliseconds`, at(NOW.getTime())),
      rejects('S5', 'timestamp_too_new', `${scheme}: 15 nines`, at('9'.repeat(15))),
      accepts('S5', scheme, `${scheme}: 300 s in the past at the last millisecond of a second`, {
        ...at(T - 300),
        now: LAST_MILLISECOND,
      }),
      rejects('S5', 'timestamp_too_new', `${scheme}: 301 s in the future at the last millisecond`, {
        ...at(T + 301),
        now: LAST_MILLISECOND,
      }),
      accepts('S5', scheme, `${scheme}: leading zeros, signed as they stand`, at(`00${T}`)),
      accepts('S5', scheme, `${scheme}: 15 digits with leading zeros`, at(String(T).padStart(15, '0'))),
    ];
  }),
  rejects('S5', 'signature_mismatch', 'standard: leading zeros, signed without them', {
    headers: { ...standard(), 'webhook-timestamp': `0${T}` },
  }),
  rejects('S5', 'signature_mismatch', 'timestamped: leading zeros, signed without them', {
    headers: { 'scalekit-signature': `t=0${T},v1=${timestampedSignature()}` },
  }),
  rejects('S5', 'signature_mismatch', 'standard: a signature over the clock instead of the header', {
    headers: standard({ timestamp: T - 5, signature: `v1,${standardSignature()}` }),
  }),
  ...sloppyTimestamps.map(([name, timestamp, overHttp]) =>
    rejects('S5', 'malformed_header', `standard: a timestamp ${name}`, {
      headers: standard({ timestamp }),
      overHttp,
    }),
  ),
  ...sloppyTimestamps.map(([name, timestamp, overHttp]) =>
    rejects('S5', 'malformed_header', `timestamped: a timestamp ${name}`, {
      headers: timestamped({ timestamp }),
      overHttp,
    }),
  ),
  accepts('S5', 'standard', 'the same second with a tolerance of 0', {
    headers: standard(),
    toleranceSeconds: 0,
  }),
  rejects('S5', 'timestamp_too_old', 'the second before with a tolerance of 0', {
    headers: standard({ timestamp: T - 1 }),
    toleranceSeconds: 0,
  }),
  accepts('S5', 'timestamped', 'an hour ago with a tolerance of an hour', {
    headers: timestamped({ timestamp: T - 3600 }),
    toleranceSeconds: 3600,
  }),
  rejects('S5', 'timestamp_too_new', 'more than the tolerance in the future', {
    headers: standard({ timestamp: T + 11 }),
    toleranceSeconds: 10,
  }),
  accepts('S5', 'digest', 'a digest at any time', { headers: digest(), now: new Date(0) }),
  ...[-1, NaN, Infinity, '300' as unknown as number, null as unknown as number].map((toleranceSeconds) =>
    rejects(
      'S5',
      'invalid_options',
      `a tolerance of ${JSON.stringify(toleranceSeconds)} (${typeof toleranceSeconds} ${String(toleranceSeconds)})`,
      {
        headers: standard(),
        toleranceSeconds,
        overHttp: false,
      },
    ),
  ),
  rejects('S5', 'invalid_options', 'a clock that shows no valid date', {
    headers: standard(),
    now: new Date(NaN),
    overHttp: false,
  }),
  rejects('S5', 'invalid_options', 'a clock that is a number', {
    headers: standard(),
    now: NOW.getTime() as unknown as Date,
    overHttp: false,
  }),
];
