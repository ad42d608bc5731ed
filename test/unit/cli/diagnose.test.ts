import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { GivenSecret } from '../../../lib/cli/input/secret.js';
import { type DeliveryToDiagnose, diagnose } from '../../../lib/cli/verify/diagnose.js';
import type { VerifyCause } from '../../../lib/cli/verify/fault.js';
import { signWebhook, WEBHOOK_SCHEMES, type WebhookScheme } from '../../../lib/index.js';

const CORE = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECRET = `whsec_${CORE}`;
const OTHER = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM';
const NOW = new Date('2026-03-01T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const EVENT = {
  type: 'user.created',
  id: 'evt_1',
  data: { name: 'Jürgen <j@example.com>', url: 'https://a.example/b', tags: [], count: 3, 'a b': null },
};
const BODY = JSON.stringify(EVENT);

interface Made {
  readonly signed?: string | Uint8Array;
  readonly received?: string | Uint8Array;
  readonly scheme?: WebhookScheme;
  readonly signedBy?: string;
  readonly secret?: string;
  readonly others?: readonly GivenSecret[];
  readonly signedAt?: number;
  readonly accepted?: readonly WebhookScheme[];
  readonly headers?: (headers: Record<string, string>) => Record<string, string> | [string, string][];
}

/** A delivery that was good when it was sent, and what became of it. */
function received(made: Made): DeliveryToDiagnose {
  const { signed = BODY, scheme = 'standard', signedBy = SECRET, signedAt = SECONDS } = made;
  const sent = signWebhook({ body: signed, secret: signedBy, scheme, id: 'msg_1', timestamp: signedAt });
  const headers = made.headers?.(sent) ?? sent;
  return {
    body: Buffer.from((made.received ?? signed) as string),
    headers: Array.isArray(headers) ? headers : Object.entries(headers),
    secrets: [{ value: made.secret ?? SECRET, from: '--secret' }, ...(made.others ?? [])],
    schemes: made.accepted ?? WEBHOOK_SCHEMES,
    toleranceSeconds: 300,
    now: NOW,
  };
}

function causesOf(made: Made): VerifyCause[] {
  return diagnose(received(made)).faults.map(({ cause }) => cause);
}

const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);

const spaced = (text: string) =>
  text.replace(
    /("(?:[^"\\]|\\.)*")|([:,])/g,
    (_all, literal: string | undefined, mark: string) => literal ?? `${mark} `,
  );
const go = (text: string) =>
  text.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');

const FAILURES: readonly [what: string, cause: VerifyCause, made: Made][] = [
  [
    'another secret signed it, which is given, too',
    'wrong_secret',
    { secret: OTHER, others: [{ value: SECRET, from: 'file' }] },
  ],
  ['the secret is empty', 'secret_unusable', { secret: '' }],
  [
    'the secret is a signature',
    'secret_unusable',
    { secret: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' },
  ],
  ['the secret is an asymmetric key', 'secret_unusable', { secret: `whpk_${CORE}` }],
  [
    'the secret is no base64 and standard signed it',
    'secret_unusable',
    { secret: 'whsec_not*base64*at*all' },
  ],
  [
    'another secret signed it, and this one has quotes',
    'secret_unusable',
    { secret: `"${OTHER}"`, scheme: 'digest' },
  ],
  ['the secret has double quotes', 'secret_quoted', { secret: `"${SECRET}"` }],
  ['the secret has single quotes', 'secret_quoted', { secret: `'${SECRET}'`, scheme: 'digest' }],
  ['the secret has a quote at one end', 'secret_quoted', { secret: `${SECRET}"`, scheme: 'timestamped' }],
  ['the secret ends with a line break', 'secret_whitespace', { secret: `${SECRET}\n` }],
  ['the secret ends with a written-out line break', 'secret_whitespace', { secret: `${SECRET}\\n` }],
  ['the secret has spaces around it', 'secret_whitespace', { secret: `  ${SECRET} `, scheme: 'digest' }],
  [
    'the secret has a zero-width space in it',
    'secret_whitespace',
    { secret: `whsec_\u200b${CORE}`, scheme: 'digest' },
  ],
  [
    'the secret is a line of an .env file',
    'secret_pasted_line',
    { secret: `SCALEKIT_WEBHOOK_SECRET=${SECRET}` },
  ],
  ['the secret lost whsec_', 'secret_prefix', { secret: CORE, scheme: 'timestamped' }],
  ['the secret has a version before it', 'secret_prefix', { secret: `v1,${SECRET}` }],
  ['the secret has whsec_ twice', 'secret_prefix', { secret: `whsec_${SECRET}` }],
  ['the secret begins with WHSEC_', 'secret_prefix', { secret: `WHSEC_${CORE}`, scheme: 'digest' }],
  [
    'the secret is base64 once more',
    'secret_encoding',
    { secret: Buffer.from(SECRET).toString('base64'), scheme: 'digest' },
  ],
  ['the scheme is not accepted', 'wrong_scheme', { scheme: 'timestamped', accepted: ['standard'] }],
  [
    'the header is of one scheme and the rules of another',
    'wrong_scheme',
    {
      headers: ({ 'webhook-signature': _, ...rest }) => ({
        ...rest,
        'webhook-signature': `v1,${mac(SECRET, BODY).digest('base64')}`,
      }),
    },
  ],
  [
    'the body was written by JSON.stringify: pretty was signed',
    'body_reserialised',
    { signed: JSON.stringify(EVENT, null, 2), received: BODY },
  ],
  [
    'the body was written by JSON.stringify: four spaces were signed',
    'body_reserialised',
    { signed: JSON.stringify(EVENT, null, 4), received: BODY },
  ],
  [
    'the body was written with spaces: compact was signed',
    'body_reserialised',
    { signed: BODY, received: spaced(BODY) },
  ],
  [
    'the body was written pretty',
    'body_reserialised',
    { signed: BODY, received: JSON.stringify(EVENT, null, 2) },
  ],
  ['a line end was added to the body', 'body_newline', { received: `${BODY}\n` }],
  ['a byte order mark was added', 'body_newline', { received: `\ufeff${BODY}` }],
  ['the line end of the body was lost', 'body_newline', { signed: `${BODY}\n`, received: BODY }],
  ['the body is empty', 'body_lost', { received: '' }],
  ['the body is [object Object]', 'body_lost', { received: '[object Object]' }],
  ['webhook-signature was lost', 'header_lost', { headers: ({ 'webhook-signature': _, ...rest }) => rest }],
  ['webhook-id was lost', 'header_lost', { headers: ({ 'webhook-id': _, ...rest }) => rest }],
  ['all headers were lost', 'header_lost', { headers: () => ({ host: 'example.com' }) }],
  [
    'a header came twice',
    'header_repeated',
    { headers: (headers) => [...Object.entries(headers), ['Webhook-Id', 'msg_1']] },
  ],
  [
    'a header was joined with itself',
    'header_repeated',
    { headers: (headers) => ({ ...headers, 'webhook-id': 'msg_1, msg_1' }) },
  ],
  [
    'the signature was joined with itself',
    'header_altered',
    {
      headers: (headers) => ({
        ...headers,
        'webhook-signature': `${headers['webhook-signature']},${headers['webhook-signature']}`,
      }),
    },
  ],
  [
    'the signature is hex, not base64',
    'header_altered',
    {
      headers: (headers) => ({
        ...headers,
        'webhook-signature': `v1,${Buffer.from(headers['webhook-signature']?.slice(3) ?? '', 'base64').toString('hex')}`,
      }),
    },
  ],
  [
    'next to nothing is left of the signature',
    'header_altered',
    { headers: (headers) => ({ ...headers, 'webhook-signature': 'v1,ab' }) },
  ],
  ['the clock is fast', 'clock_skew', { signedAt: SECONDS - 301 }],
  ['the clock is slow', 'clock_skew', { signedAt: SECONDS + 301, scheme: 'timestamped' }],
];

describe('diagnose', () => {
  it.each(FAILURES)('tells when %s: %s', (_what, cause, made) => {
    expect(causesOf(made)).toEqual([cause]);
  });

  it.each(WEBHOOK_SCHEMES)('says of a good delivery under %s that it holds', (scheme) => {
    const diagnosis = diagnose(received({ scheme }));
    expect(diagnosis).toMatchObject({ holds: true, faults: [], verification: { scheme } });
  });

  it('tells by how many seconds the clock is off, and in which direction', () => {
    const [old] = diagnose(received({ signedAt: SECONDS - 86_400 })).faults;
    const [early] = diagnose(received({ signedAt: SECONDS + 4_000 })).faults;
    expect(old?.message).toContain('86400 s ago (about 24 hours)');
    expect(early?.message).toContain('4000 s in the future');
  });

  it('tells how the signed JSON was written', () => {
    const [fault] = diagnose(received({ signed: spaced(BODY), received: BODY })).faults;
    expect(fault?.message).toContain('with ", " and ": ", as Python\'s json.dumps writes it.');
  });

  it('names every fault of several', () => {
    const made = { secret: `"${SECRET}"`, signed: spaced(BODY), received: BODY, signedAt: SECONDS - 900 };
    expect(causesOf(made)).toEqual(['secret_quoted', 'body_reserialised', 'clock_skew']);
  });

  it('prefers the plain explanation where two lead to the same bytes', () => {
    expect(causesOf({ received: `${BODY}\n` })).toEqual(['body_newline']);
  });

  it('tells which headers came while the signature is missing', () => {
    const [fault] = diagnose(received({ headers: ({ 'webhook-signature': _, ...rest }) => rest })).faults;
    expect(fault?.message).toContain('Similar names came: webhook-id, webhook-timestamp.');
  });
});

describe('diagnose says that it does not know', () => {
  const unknown: readonly [string, Made][] = [
    ['JSON.stringify has lost how letters were escaped', { signed: go(BODY), received: BODY }],
    ['another secret signed it, which is not given', { secret: OTHER }],
    ['a value in the body was changed', { received: BODY.replace('evt_1', 'evt_2') }],
    [
      'a value was changed and the body written anew',
      { signed: BODY, received: spaced(BODY).replace('3', '4') },
    ],
    ['line ends in the body were changed', { signed: '{\n"id": "a"\n}', received: '{\r\n"id": "a" }' }],
    [
      'another secret signed it, and webhook-id was changed',
      {
        secret: OTHER,
        headers: (headers) => ({ ...headers, 'webhook-id': 'msg_2' }),
      },
    ],
    ['both the secret and the body are others', { secret: OTHER, received: `${BODY}\n` }],
    [
      'the signature is of another delivery',
      {
        headers: (headers) => ({
          ...headers,
          'webhook-signature': signWebhook({ body: '{}', secret: SECRET })['webhook-signature'] ?? '',
        }),
      },
    ],
    ['another secret signed it long ago', { secret: OTHER, signedAt: SECONDS - 9_999 }],
    [
      'JSON.stringify has lost what numbers looked like',
      { signed: '{"id":"a","n":1.50}', received: '{"id":"a","n":1.5}' },
    ],
  ];

  it.each(unknown)('when %s', (_what, made) => {
    expect(causesOf(made)).toEqual(['unknown']);
  });

  it('when content-length proves nothing, since the body was compressed', () => {
    const made: Made = {
      received: BODY.replace('evt_1', 'evt_2'),
      headers: (headers) => ({ ...headers, 'content-length': '20', 'content-encoding': 'gzip' }),
    };
    expect(causesOf(made)).toEqual(['unknown']);
  });

  it('but says that the body has the length that was sent', () => {
    const length = String(Buffer.byteLength(BODY));
    const { observations } = diagnose(
      received({ secret: OTHER, headers: (headers) => ({ ...headers, 'content-length': length }) }),
    );
    expect(observations).toContain(`The body has the ${length} bytes that content-length announces.`);
  });
});

describe('diagnose is bounded', () => {
  it('for a body of 1 MiB tries one fault at a time', () => {
    const body = JSON.stringify({ id: 'evt_1', type: 'user.created', data: { text: 'x'.repeat(1_100_000) } });
    const { faults, tried } = diagnose(received({ signed: body, received: `${body}\n` }));
    const unknown = diagnose(received({ signed: body, secret: OTHER, received: `${body}\n` }));
    expect(faults.map(({ cause }) => cause)).toEqual(['body_newline']);
    expect(tried + unknown.tried).toBeLessThan(50);
  });

  it('for JSON that nests deeper than any event does not try to write it anew', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(causesOf({ signed: deep, received: deep, secret: OTHER })).toEqual(['unknown']);
  });
});
