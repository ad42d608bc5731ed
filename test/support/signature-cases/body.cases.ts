import { accepts, BODY, rejects, T, type SignatureCase } from './signature-case.js';
import { digest, standard, timestamped } from './signed-headers.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const signedThreeWays = (body: Uint8Array | string) =>
  [
    ['standard', standard({ body })],
    ['timestamped', timestamped({ body })],
    ['digest', digest({ body })],
  ] as const;

/** Valid UTF-8 but for one byte, which every decoder turns into U+FFFD. */
const invalidUtf8 = (byte: number) =>
  Buffer.from(BODY.replace('evt_1', `evt_${String.fromCharCode(byte)}`), 'latin1');
const decoded = invalidUtf8(0xff).toString('utf8');

const bodies: readonly (readonly [name: string, body: Uint8Array | string, sent?: Uint8Array | string])[] = [
  ['an empty body', Buffer.alloc(0)],
  ['an empty text', ''],
  ['one zero byte', bytes(0)],
  ['every byte there is', Uint8Array.from({ length: 256 }, (_, i) => i)],
  ['a body that is no UTF-8', invalidUtf8(0xff)],
  ['a body with a byte order mark', Buffer.from(`\ufeff${BODY}`)],
  ['a body with line breaks of both kinds', '{\r\n"id": 1\n}\n'],
  ['a text beyond Latin-1', '{"name":"Žižka 🎺"}'],
  ['a text as its bytes', Buffer.from('{"name":"Žižka 🎺"}'), '{"name":"Žižka 🎺"}'],
  ['bytes as the text they are', '{"name":"Žižka 🎺"}', Buffer.from('{"name":"Žižka 🎺"}')],
  [
    'a view into a larger buffer',
    Buffer.from(BODY),
    Buffer.from(`xxx${BODY}yyy`).subarray(3, 3 + BODY.length),
  ],
  ['a body of 1 MiB', Buffer.alloc(1024 * 1024, 'a')],
];

const notBodies: readonly (readonly [name: string, value: unknown])[] = [
  ['a parsed object', { id: 'evt_1', type: 'x', data: {} }],
  ['an array', [BODY]],
  ['undefined', undefined],
  ['null', null],
  ['a number', 1],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a DataView', new DataView(new ArrayBuffer(8))],
  ['an Int8Array', new Int8Array(8)],
  ['a Uint16Array', new Uint16Array(8)],
  ['a Buffer as JSON', Buffer.from(BODY).toJSON()],
  ['a String object', Object(BODY)],
  ['an object that only looks like bytes', Object.create(Uint8Array.prototype)],
];

/** S8: the body is its bytes. */
export const bodyCases: readonly SignatureCase[] = [
  ...bodies.flatMap(([name, body, sent]) =>
    signedThreeWays(body).map(([scheme, headers]) =>
      accepts('S8', scheme, `${scheme}: ${name}`, { headers, rawBody: sent ?? body }),
    ),
  ),
  ...signedThreeWays(decoded).map(([scheme, headers]) =>
    rejects(
      'S8',
      'signature_mismatch',
      `${scheme}: a body whose decoded text was signed instead of its bytes`,
      {
        headers,
        rawBody: invalidUtf8(0xff),
      },
    ),
  ),
  ...signedThreeWays(invalidUtf8(0xff)).map(([scheme, headers]) =>
    rejects('S8', 'signature_mismatch', `${scheme}: another invalid body that decodes to the same text`, {
      headers,
      rawBody: invalidUtf8(0xfe),
    }),
  ),
  ...signedThreeWays('{"id": 1, "a": [1, 2]}').map(([scheme, headers]) =>
    rejects('S8', 'signature_mismatch', `${scheme}: a body that was parsed and serialised again`, {
      headers,
      rawBody: '{"id":1,"a":[1,2]}',
    }),
  ),
  rejects('S8', 'signature_mismatch', 'a body without the byte order mark that was signed', {
    headers: digest({ body: `\ufeff${BODY}` }),
  }),
  rejects('S8', 'signature_mismatch', 'a body with a byte order mark that was not signed', {
    headers: digest(),
    rawBody: `\ufeff${BODY}`,
  }),
  rejects('S8', 'signature_mismatch', 'a body with a line break that was not signed', {
    headers: standard(),
    rawBody: `${BODY}\n`,
  }),
  rejects('S8', 'signature_mismatch', 'a body that has lost its last byte', {
    headers: timestamped(),
    rawBody: BODY.slice(0, -1),
  }),
  rejects('S8', 'signature_mismatch', 'a body in another normal form of Unicode', {
    headers: digest({ body: '{"name":"\u017di\u017eka"}' }),
    rawBody: '{"name":"Z\u030ciz\u030cka"}',
  }),
  ...notBodies.map(([name, value]) =>
    rejects('S8', 'invalid_body', `${name} in the place of the raw body`, {
      headers: standard(),
      rawBody: value as Uint8Array,
      overHttp: false,
    }),
  ),
];

/** S12: what `digest` does not sign. */
export const replayCases: readonly SignatureCase[] = [
  accepts('S12', 'digest', 'a digest of years ago, since it signs no time', {
    headers: { ...digest(), 'webhook-timestamp': '1' },
  }),
  accepts('S12', 'digest', 'the same digest a week later', {
    headers: digest(),
    now: new Date((T + 7 * 86_400) * 1000),
  }),
  rejects('S12', 'timestamp_too_old', 'a standard delivery a week later', {
    headers: standard(),
    now: new Date((T + 7 * 86_400) * 1000),
  }),
  rejects('S12', 'missing_headers', 'every digest where only standard is accepted', {
    headers: digest(),
    schemes: ['standard'],
  }),
];

/** S13: what a signature does not prove. The envelope refuses these bodies, since none is a JSON object. */
export const scopeCases: readonly SignatureCase[] = [
  accepts('S13', 'standard', 'an id with dots', { headers: standard({ id: 'msg.1.2' }) }),
  accepts('S13', 'standard', 'bytes that have moved over the dot from the id into the body', {
    headers: { ...standard({ id: `msg.${T}` }), 'webhook-id': 'msg' },
    rawBody: `${T}.${BODY}`,
  }),
  rejects('S13', 'signature_mismatch', 'bytes that have moved without the dot', {
    headers: { ...standard({ id: `msg${T}` }), 'webhook-id': 'msg' },
    rawBody: `${T}.${BODY}`,
  }),
  accepts('S13', 'digest', 'a timestamped signature as the digest of its time and body', {
    headers: { 'x-scalekit-signature': timestamped()['scalekit-signature'].split('v1=')[1] ?? '' },
    rawBody: `${T}.${BODY}`,
  }),
];
