import { accepts, ID, rejects, T, type SignatureCase } from './signature-case.js';
import { digest, digestSignature, standard, standardSignature, svix, timestamped } from './signed-headers.js';

const upperCase = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));

const without = (headers: Record<string, string>, ...names: string[]) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

/** S1: which headers are there. */
export const nameCases: readonly SignatureCase[] = [
  accepts('S1', 'standard', 'header names in lower case', { headers: standard() }),
  accepts('S1', 'standard', 'header names in upper case', { headers: upperCase(standard()) }),
  accepts('S1', 'standard', 'svix header names in upper case', { headers: upperCase(svix()) }),
  accepts('S1', 'timestamped', 'SCALEKIT-SIGNATURE', { headers: upperCase(timestamped()) }),
  accepts('S1', 'digest', 'X-SCALEKIT-SIGNATURE', { headers: upperCase(digest()) }),
  accepts('S1', 'standard', 'header names in mixed case', {
    headers: {
      'Webhook-Id': ID,
      'webhook-Timestamp': String(T),
      'Webhook-SIGNATURE': `v1,${standardSignature()}`,
    },
  }),
  accepts('S1', 'standard', 'its headers among those of an ordinary request', {
    headers: {
      host: 'example.com',
      'user-agent': 'Scalekit/1.0',
      'content-type': 'application/json',
      connection: 'keep-alive',
      'x-forwarded-proto': 'https',
      'x-request-id': 'req_1',
      ...standard(),
    },
  }),
  accepts('S1', 'standard', 'a signature header in another case than its id and timestamp', {
    headers: {
      ...without(standard(), 'webhook-signature'),
      'WEBHOOK-SIGNATURE': standard()['webhook-signature'],
    },
  }),
  rejects('S1', 'missing_headers', 'a delivery without any header', { headers: {} }),
  rejects('S1', 'missing_headers', 'webhook-id and webhook-timestamp alone', {
    headers: without(standard(), 'webhook-signature'),
  }),
  rejects('S1', 'missing_headers', 'svix-id and svix-timestamp alone', {
    headers: without(svix(), 'svix-signature'),
  }),
  accepts('S1', 'digest', 'a digest beside webhook-id and webhook-timestamp alone', {
    headers: { ...without(standard(), 'webhook-signature'), ...digest() },
  }),
  rejects('S1', 'missing_headers', 'a standard delivery without webhook-id', {
    headers: without(standard(), 'webhook-id'),
  }),
  rejects('S1', 'missing_headers', 'a standard delivery without webhook-timestamp', {
    headers: without(standard(), 'webhook-timestamp'),
  }),
  rejects('S1', 'missing_headers', 'an empty webhook-id, even if it is signed', {
    headers: standard({ id: '' }),
  }),
  rejects('S1', 'missing_headers', 'signatures under header names that it does not know', {
    headers: {
      signature: digestSignature(),
      'x-signature': digestSignature(),
      'x-webhook-signature': `v1,${standardSignature()}`,
      webhook_signature: `v1,${standardSignature()}`,
    },
  }),
  rejects('S1', 'missing_headers', 'header names with white space around them', {
    headers: {
      ...without(standard(), 'webhook-signature'),
      ' webhook-signature': 'x',
      'webhook-signature ': 'x',
    },
    overHttp: false,
  }),
  rejects('S1', 'missing_headers', 'a Kelvin sign for the k of a header name', {
    headers: Object.fromEntries(
      Object.entries(standard()).map(([name, value]) => [name.replace('k', '\u212a'), value]),
    ),
    overHttp: false,
  }),
  rejects('S1', 'missing_headers', 'a header name that only begins like webhook-id', {
    headers: { ...without(standard(), 'webhook-id'), 'webhook-id-number': ID },
  }),
  rejects('S1', 'missing_headers', 'a control character for the hyphen of a header name', {
    headers: Object.fromEntries(
      Object.entries(standard()).map(([name, value]) => [name.replace('-', '\r'), value]),
    ),
    overHttp: false,
  }),
  rejects('S1', 'malformed_header', 'an empty webhook-signature, in spite of a good digest', {
    headers: { ...standard({ signature: '' }), ...digest() },
  }),
  rejects('S1', 'malformed_header', 'an empty svix-signature, in spite of a good digest', {
    headers: { ...svix({ signature: '' }), ...digest() },
  }),
  rejects('S1', 'malformed_header', 'an empty scalekit-signature, in spite of a good digest', {
    headers: { 'scalekit-signature': '', ...digest() },
  }),
  rejects('S1', 'malformed_header', 'an empty x-scalekit-signature', {
    headers: { 'x-scalekit-signature': '' },
  }),
  rejects('S1', 'signature_mismatch', 'a space before the id that was signed without it', {
    headers: { ...standard(), 'webhook-id': ` ${ID}` },
    overHttp: false,
  }),
  accepts('S1', 'standard', 'a space before the id that was signed with it', {
    headers: standard({ id: ` ${ID}` }),
    overHttp: false,
  }),
  accepts('S1', 'standard', 'an array of one value as that value', {
    headers: Object.fromEntries(Object.entries(standard()).map(([name, value]) => [name, [value]])),
    overHttp: false,
  }),
  accepts('S1', 'standard', 'a Fetch Headers', { headers: new Headers(standard()), overHttp: false }),
  accepts('S1', 'digest', 'a Fetch Headers with a digest', {
    headers: new Headers(digest()),
    overHttp: false,
  }),
  accepts('S1', 'standard', 'headers without a prototype', {
    headers: Object.assign(Object.create(null) as Record<string, string>, standard()),
    overHttp: false,
  }),
  accepts('S1', 'standard', 'headers whose value is undefined as absent', {
    headers: { ...svix(), 'webhook-signature': undefined, 'scalekit-signature': undefined },
    overHttp: false,
  }),
  accepts('S1', 'digest', 'an empty array as an absent header', {
    headers: { ...digest(), 'webhook-signature': [] },
    overHttp: false,
  }),
  rejects('S1', 'missing_headers', 'headers that are inherited, such as from a polluted prototype', {
    headers: Object.create(standard()) as Record<string, string>,
    overHttp: false,
  }),
  rejects('S1', 'missing_headers', 'an id that is inherited', {
    headers: Object.assign(Object.create({ 'webhook-id': ID }) as Record<string, string>, {
      ...without(standard(), 'webhook-id'),
    }),
    overHttp: false,
  }),
  rejects('S1', 'missing_headers', 'headers in an object under __proto__', {
    headers: JSON.parse(`{"__proto__":${JSON.stringify(standard())}}`) as Record<string, string>,
    overHttp: false,
  }),
  ...(['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const).flatMap((name) => [
    rejects('S1', 'malformed_header', `${name} with two values`, {
      headers: { ...standard(), [name]: [standard()[name], standard()[name]] },
      overHttp: false,
    }),
    rejects('S1', 'malformed_header', `${name} in two cases at once`, {
      headers: { ...standard(), [name.toUpperCase()]: standard()[name] },
      overHttp: false,
    }),
    rejects('S1', 'malformed_header', `${name} that is no text`, {
      headers: { ...standard(), [name]: 1 as unknown as string },
      overHttp: false,
    }),
  ]),
  rejects('S1', 'malformed_header', 'scalekit-signature with two values', {
    headers: { 'scalekit-signature': [timestamped()['scalekit-signature'], 'x'] },
    overHttp: false,
  }),
  rejects('S1', 'malformed_header', 'x-scalekit-signature with two values', {
    headers: { 'x-scalekit-signature': [digestSignature(), digestSignature()] },
    overHttp: false,
  }),
  rejects('S1', 'malformed_header', 'an array of one value that is no text', {
    headers: { 'x-scalekit-signature': [[digestSignature()] as unknown as string] },
    overHttp: false,
  }),
  rejects('S1', 'signature_mismatch', 'an id that a proxy has joined from two', {
    headers: { ...standard(), 'webhook-id': `${ID}, ${ID}` },
  }),
  rejects('S1', 'malformed_header', 'a timestamp that a proxy has joined from two', {
    headers: { ...standard(), 'webhook-timestamp': `${T}, ${T}` },
  }),
  rejects('S1', 'invalid_options', 'headers that are no object', {
    headers: 'webhook-id: 1' as unknown as Record<string, string>,
    overHttp: false,
  }),
  rejects('S1', 'invalid_options', 'headers as a list of names and values', {
    headers: Object.entries(standard()).flat() as unknown as Record<string, string>,
    overHttp: false,
  }),
  rejects('S1', 'invalid_options', 'headers whose getters throw', {
    headers: Object.defineProperty({}, 'webhook-id', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    }),
    overHttp: false,
  }),
];
