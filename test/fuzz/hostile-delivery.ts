import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { SIGNATURE_HEADERS } from '../../lib/signature/schemes/signature-headers.js';
import { WEBHOOK_SCHEMES } from '../../lib/signature/webhook-scheme.js';
import type { FuzzedDelivery } from './signature-oracle.js';

type Headers = Record<string, string | readonly string[] | undefined>;

interface Draft {
  rawBody: Uint8Array | string;
  headers: Headers;
  now: number;
}

const T = 1_760_000_000;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NOISE = Array.from(`${BASE64}-_=,.; \t\n"'tv1=\u00e9\u0141\u212a\uff11\0\ud800`);
const SECRETS = [
  `whsec_${Buffer.alloc(24, 'abc').toString('base64')}`,
  `whsec_${Buffer.alloc(32, 'xyz').toString('base64')}`,
  Buffer.alloc(16, 'q').toString('base64').replaceAll('=', ''),
  `whsec_${Buffer.alloc(15, 'q').toString('base64')}`,
  'plain text with_an underscore',
];
const BODIES = [
  '{"id":"evt_1","type":"user.created","data":{}}',
  '',
  '{"name":"Žižka 🎺"}',
  Buffer.from('ff00c3280a', 'hex'),
  Buffer.from('\ufeff{}'),
];
/** A signature that is well-formed, and of nothing. */
const STRANGER = `v1,${'A'.repeat(43)}=`;

const often = <Value>(usual: Value, ...others: Value[]) =>
  fc.constantFrom(...Array.from({ length: 3 * others.length }, () => usual), ...others);
const noise = (maxLength: number) =>
  fc.array(fc.constantFrom(...NOISE), { maxLength }).map((letters) => letters.join(''));
/** Numbers that a change picks with: places, bits and items of a list, by their remainder. */
const place = fc.nat({ max: 9_999 });
const at = <Item>(items: readonly Item[], number: number) => items[number % items.length] as Item;

const signing = fc.record({
  kind: fc.constantFrom('digest', 'timestamped', 'standard', 'standard'),
  header: place,
  secret: often(undefined, ...SECRETS),
  time: often(T, T + 1, T - 299, T - 300, T - 301, T + 299, T + 300, T + 301),
  write: often(String, ...sloppyTimes()),
  id: fc.oneof({ weight: 7, arbitrary: fc.constant('msg_1') }, { weight: 1, arbitrary: noise(8) }),
  isTextKey: often(false, true, false, false),
});
type Signing = typeof signing extends fc.Arbitrary<infer Value> ? Value : never;

const change = fc.record({ kind: fc.nat(), header: place, place, item: place, noise: noise(12) });
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** A delivery that is signed properly under one or two schemes, and then changed in up to four ways. */
export const hostileDelivery: fc.Arbitrary<FuzzedDelivery> = fc
  .record({
    secret: fc.array(fc.constantFrom(...SECRETS), { minLength: 1, maxLength: 2 }),
    rawBody: fc.oneof(
      { weight: 7, arbitrary: fc.constantFrom(...BODIES) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    ),
    milliseconds: fc.nat({ max: 999 }),
    signings: fc.array(signing, { minLength: 1, maxLength: 2 }),
    changes: fc.array(change, { maxLength: 4 }),
    schemes: fc.oneof(
      { weight: 3, arbitrary: fc.constant(WEBHOOK_SCHEMES) },
      { weight: 1, arbitrary: fc.subarray([...WEBHOOK_SCHEMES]) },
    ),
    toleranceSeconds: often(300, 0, 299, 301),
  })
  .map(({ secret, rawBody, milliseconds, signings, changes, schemes, toleranceSeconds }) => {
    const draft: Draft = { rawBody, headers: {}, now: T * 1000 + milliseconds };
    for (const each of signings) {
      sign(draft, each, each.secret ?? at(secret, each.header));
    }
    for (const each of changes) {
      at(CHANGES, each.kind)(draft, each);
    }
    return { ...draft, secret, schemes, toleranceSeconds, now: new Date(draft.now) };
  });

function sign(
  { rawBody, headers }: Draft,
  { kind, header, time, write, id, isTextKey }: Signing,
  secret: string,
) {
  const timestamp = write(time);
  const text = Buffer.from(secret);
  if (kind === 'digest') {
    headers['x-scalekit-signature'] = at(['', 'sha256='], header) + mac(text, '', rawBody, 'hex');
  } else if (kind === 'timestamped') {
    headers[at(['scalekit-signature', 'webhook-signature'], header)] =
      `t=${timestamp},v1=${mac(text, `${timestamp}.`, rawBody, 'hex')}`;
  } else {
    const key = isTextKey ? text : Buffer.from(secret.replace('whsec_', ''), 'base64');
    const prefix = at(['webhook', 'webhook', 'svix'], header);
    headers[`${prefix}-id`] = id;
    headers[`${prefix}-timestamp`] = timestamp;
    headers[`${prefix}-signature`] = `v1,${mac(key, `${id}.${timestamp}.`, rawBody, 'base64')}`;
  }
}

function sloppyTimes(): ((time: number) => string)[] {
  return [
    (time) => `0${time}`,
    (time) => String(time).padStart(15, '0'),
    (time) => String(time).padStart(16, '0'),
    (time) => `+${time}`,
    (time) => `${time}.0`,
    (time) => `${time} `,
    () => '',
  ];
}

function mac(key: Uint8Array, prefix: string, body: Uint8Array | string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', key).update(prefix).update(body).digest(encoding);
}

/** Changes the text of one header. */
const onText =
  (write: (text: string, change: Change) => string) =>
  ({ headers }: Draft, by: Change) => {
    const name = nameIn(headers, by);
    const value = headers[name];
    if (typeof value === 'string') {
      headers[name] = write(value, by);
    }
  };

function nameIn(headers: Headers, { header }: Change): string {
  const names = Object.keys(headers);
  return at(names.length === 0 ? SIGNATURE_HEADERS : names, header);
}

const splice = (text: string, index: number, remove: number, insert: string) =>
  text.slice(0, index) + insert + text.slice(index + remove);
const insertable = ['', '=', ' ', ',', '\n', '0', 'A', 'f', 'v1,', 't=', 'sha256=', 'SHA256='];

const CHANGES: readonly ((draft: Draft, change: Change) => void)[] = [
  onText((text, by) => splice(text, by.place % (text.length + 1), 0, by.noise.slice(0, 1))),
  onText((text, by) => splice(text, by.place % (text.length + 1), 1, by.noise.slice(0, 1))),
  onText((text, by) => splice(text, by.place % (text.length + 1), 1, at(insertable, by.item))),
  onText((text, by) => splice(text, text.length - 2, 1, BASE64.charAt(by.item % 64))),
  onText((text, by) => text.slice(0, by.place % (text.length + 1))),
  onText((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  onText((text) => text.replace(/=+$/, '')),
  onText((text, by) => text + at(insertable, by.item)),
  onText((text, by) => at(insertable, by.item) + text),
  onText((text) => text.toUpperCase()),
  onText((text, by) =>
    text.replace(at(['v1', 't=', 'sha', 'a', 'f'], by.item), (part) => part.toUpperCase()),
  ),
  onText((text) => text.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())),
  onText((text) => `${text}, ${text}`),
  onText((text, by) => `${at([STRANGER, 'v1a,AAAA', 'v2,x', 'v1,', 'x', ''], by.item)} ${text}`),
  onText((text) => `${text} ${STRANGER}`),
  onText(
    (text, by) => `${text},${at(['v0=1', 'v1=', `v1=${'0'.repeat(64)}`, `t=${T}`, 't=', ' ', ''], by.item)}`,
  ),
  onText((text) => text.split(',').reverse().join(',')),
  onText((text, by) => `${`${STRANGER} `.repeat(99 + (by.item % 3))}${text}`),
  onText((text, by) => String(Number(text) + at([1, -1, 0, 0.5], by.item))),
  onText((_, by) => by.noise),
  ({ headers }, by) => {
    Reflect.deleteProperty(headers, nameIn(headers, by));
  },
  ({ headers }, by) => {
    const name = nameIn(headers, by);
    const value = headers[name];
    Reflect.deleteProperty(headers, name);
    const other = at(SIGNATURE_HEADERS, by.place);
    const names = [name.toUpperCase(), name.replace('webhook', 'svix'), name.replace(/^x-/, ''), other];
    headers[at([...names, name.replace('k', '\u212a')], by.item)] = value;
  },
  ({ headers }, by) => {
    const name = nameIn(headers, by);
    headers[name.replace(/^\w/, (letter) => letter.toUpperCase())] = headers[name];
  },
  ({ headers }, by) => {
    const name = nameIn(headers, by);
    const values = [headers[name] ?? []].flat();
    headers[name] = at([values, [...values, ...values], [], undefined], by.item);
  },
  ({ headers }, by) => {
    headers[at(SIGNATURE_HEADERS, by.place)] = headers[nameIn(headers, by)];
  },
  (draft, by) => {
    const bytes = Buffer.from(draft.rawBody as string);
    if (bytes.length > 0) {
      bytes.writeUInt8(
        bytes.readUInt8(by.place % bytes.length) ^ (1 << (by.item % 8)),
        by.place % bytes.length,
      );
    }
    draft.rawBody = bytes;
  },
  (draft) => {
    draft.rawBody = Buffer.from(Buffer.from(draft.rawBody as string).toString('utf8'));
  },
  (draft, by) => {
    draft.now += at([1, 999, 1000, 300_000, 301_000, -1, -999, -1000, -300_000, -301_000], by.item);
  },
  (draft) => {
    const [first, ...rest] = String(draft.headers['webhook-id']).split('.');
    if (first !== undefined && rest.length > 0) {
      draft.headers['webhook-id'] = first;
      draft.rawBody = Buffer.concat([
        Buffer.from(`${rest.join('.')}.`),
        Buffer.from(draft.rawBody as string),
      ]);
    }
  },
];
