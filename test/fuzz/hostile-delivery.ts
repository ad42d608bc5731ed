import { createHmac } from 'node:crypto';
import { WEBHOOK_SCHEMES } from '../../lib/signature/webhook-scheme.js';
import type { SeededRandom } from './seeded-random.js';
import type { FuzzedDelivery } from './signature-oracle.js';

type Headers = Record<string, string | readonly string[] | undefined>;

interface Draft {
  rawBody: Uint8Array | string;
  headers: Headers;
  now: number;
}

const T = 1_760_000_000;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NOISE = `${BASE64}-_=,.; \t\n"'tv1=\u00e9\u0141\u212a\uff11\ud800\0`;
const NAMES = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'svix-id',
  'svix-timestamp',
  'svix-signature',
  'scalekit-signature',
  'x-scalekit-signature',
];
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

/** A delivery that is signed properly under one or more schemes, and then damaged in up to four ways. */
export function makeHostileDelivery(random: SeededRandom): FuzzedDelivery {
  const secret = Array.from({ length: 1 + random.below(2) }, () => random.pick(SECRETS));
  const draft: Draft = { rawBody: random.pick(BODIES), headers: {}, now: T * 1000 + random.below(1000) };
  if (random.chance(8)) {
    draft.rawBody = random.bytes(random.below(64));
  }
  for (let i = 1 + random.below(2); i > 0; i--) {
    sign(random, draft, random.chance(8) ? random.pick(SECRETS) : random.pick(secret));
  }
  for (let i = random.pick([0, 1, 1, 2, 4]); i > 0; i--) {
    random.pick(DAMAGES)(random, draft);
  }
  return {
    rawBody: draft.rawBody,
    headers: draft.headers,
    secret,
    schemes: random.chance(4) ? WEBHOOK_SCHEMES.filter(() => !random.chance(2)) : WEBHOOK_SCHEMES,
    toleranceSeconds: random.pick([300, 300, 300, 0, 299, 301]),
    now: new Date(draft.now),
  };
}

function sign(random: SeededRandom, { rawBody, headers }: Draft, secret: string): void {
  const time = T + random.pick([0, 0, 0, 1, -299, -300, -301, 299, 300, 301]);
  const timestamp = random.chance(6) ? random.pick(sloppyTimes(time)) : String(time);
  const text = Buffer.from(secret);
  switch (random.below(4)) {
    case 0:
      headers['x-scalekit-signature'] = random.pick(['', 'sha256=']) + mac(text, '', rawBody, 'hex');
      break;
    case 1:
      headers[random.pick(['scalekit-signature', 'webhook-signature'])] =
        `t=${timestamp},v1=${mac(text, `${timestamp}.`, rawBody, 'hex')}`;
      break;
    default: {
      const id = random.chance(8) ? random.text(NOISE, random.below(8)) : 'msg_1';
      const key = random.chance(10) ? text : Buffer.from(secret.replace('whsec_', ''), 'base64');
      const prefix = random.pick(['webhook', 'webhook', 'svix']);
      headers[`${prefix}-id`] = id;
      headers[`${prefix}-timestamp`] = timestamp;
      headers[`${prefix}-signature`] = `v1,${mac(key, `${id}.${timestamp}.`, rawBody, 'base64')}`;
    }
  }
}

function sloppyTimes(time: number): string[] {
  return [
    `0${time}`,
    String(time).padStart(15, '0'),
    String(time).padStart(16, '0'),
    `+${time}`,
    `${time}.0`,
    `${time} `,
    '',
  ];
}

function mac(key: Uint8Array, prefix: string, body: Uint8Array | string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', key).update(prefix).update(body).digest(encoding);
}

type Damage = (random: SeededRandom, draft: Draft) => void;

/** Replaces the text of one header. */
function onText(change: (text: string, random: SeededRandom) => string): Damage {
  return (random, { headers }) => {
    const name = pickName(random, headers);
    const value = headers[name];
    if (typeof value === 'string') {
      headers[name] = change(value, random);
    }
  };
}

function pickName(random: SeededRandom, headers: Headers): string {
  const names = Object.keys(headers);
  return names.length === 0 ? random.pick(NAMES) : random.pick(names);
}

function flipBit(random: SeededRandom, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body as string);
  if (bytes.length > 0) {
    const index = random.below(bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
}

const splice = (text: string, at: number, remove: number, insert: string) =>
  text.slice(0, at) + insert + text.slice(at + remove);

const DAMAGES: readonly Damage[] = [
  onText((text, random) => splice(text, random.below(text.length + 1), 0, random.text(NOISE, 1))),
  onText((text, random) => splice(text, random.below(text.length + 1), 1, '')),
  onText((text, random) => splice(text, random.below(text.length + 1), 1, random.text(NOISE, 1))),
  onText((text, random) => splice(text, text.length - 2, 1, random.text(BASE64, 1))),
  onText((text, random) => text.slice(0, random.below(text.length + 1))),
  onText((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  onText((text) => text.replace(/=+$/, '')),
  onText((text, random) => text + random.pick(['=', ' ', ',', '\n', '0'])),
  onText((text) => text.toUpperCase()),
  onText((text, random) =>
    text.replace(random.pick(['v1', 't=', 'sha', 'a', 'f']), (part) => part.toUpperCase()),
  ),
  onText((text) => text.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())),
  onText((text) => `${text}, ${text}`),
  onText((text, random) => `v1,${random.text(BASE64, 43)}= ${text}`),
  onText((text, random) => `${text} v1,${random.text(BASE64, 43)}=`),
  onText((text, random) => `${random.pick(['v1a,AAAA', 'v2,x', 'v1,', 'x', ''])} ${text}`),
  onText(
    (text, random) =>
      `${text},${random.pick(['v0=1', 'v1=', `v1=${'0'.repeat(64)}`, `t=${T}`, 't=', ' ', ''])}`,
  ),
  onText((text) => text.split(',').reverse().join(',')),
  onText(
    (text) =>
      Array.from({ length: 99 + (text.length % 3) }, () => `v1,${'A'.repeat(43)}=`).join(' ') + ` ${text}`,
  ),
  onText((text, random) => random.pick(['sha256=', 'SHA256=', 't=', ' ']) + text),
  onText((text, random) => String(Number(text) + random.pick([1, -1, 0, 0.5]))),
  onText((_text, random) => random.text(NOISE, random.below(80))),
  (random, { headers }) => {
    Reflect.deleteProperty(headers, pickName(random, headers));
  },
  (random, { headers }) => {
    const name = pickName(random, headers);
    const value = headers[name];
    Reflect.deleteProperty(headers, name);
    headers[
      random.pick([
        name.toUpperCase(),
        name.replace('webhook', 'svix'),
        name.replace(/^x-/, ''),
        random.pick(NAMES),
        name.replace('k', '\u212a'),
      ])
    ] = value;
  },
  (random, { headers }) => {
    const name = pickName(random, headers);
    headers[name.replace(/^\w/, (letter) => letter.toUpperCase())] = headers[name];
  },
  (random, { headers }) => {
    const name = pickName(random, headers);
    const values = [headers[name] ?? []].flat();
    headers[name] = random.pick([values, [...values, ...values], [], undefined]);
  },
  (random, { headers }) => {
    headers[random.pick(NAMES)] = headers[pickName(random, headers)];
  },
  (random, draft) => {
    draft.rawBody = flipBit(random, draft.rawBody);
  },
  (_random, draft) => {
    draft.rawBody = Buffer.from(Buffer.from(draft.rawBody as string).toString('utf8'));
  },
  (_random, draft) => {
    draft.rawBody = typeof draft.rawBody === 'string' ? Buffer.from(draft.rawBody) : draft.rawBody;
  },
  (random, draft) => {
    draft.now += random.pick([-1, 1]) * random.pick([1, 999, 1000, 300_000, 301_000]);
  },
  (_random, draft) => {
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
