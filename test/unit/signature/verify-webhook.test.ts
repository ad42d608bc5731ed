import type { IncomingHttpHeaders } from 'node:http';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  createWebhookVerifier,
  verifyWebhook,
  type WebhookHeaders,
  type WebhookVerification,
} from '../../../lib/signature/verify-webhook.js';
import { WebhookVerificationError } from '../../../lib/signature/signature.errors.js';
import { BODY, ID, KEY, NOW, OTHER_SECRET, SECRET, T } from '../../support/signature-cases/signature-case.js';
import {
  digest,
  standard,
  standardSignature,
  timestamped,
} from '../../support/signature-cases/signed-headers.js';
import { signatureCases } from '../../support/signature-cases/index.js';

const delivery = { rawBody: BODY, headers: standard(), now: NOW };

function errorOf(run: () => unknown): WebhookVerificationError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookVerificationError);
    return error as WebhookVerificationError;
  }
  throw new Error('nothing was thrown');
}

afterEach(() => {
  vi.useRealTimers();
});

describe('what verifyWebhook returns', () => {
  it.each([
    [[SECRET, OTHER_SECRET], 0],
    [[OTHER_SECRET, SECRET], 1],
    [[OTHER_SECRET, SECRET, SECRET], 2],
  ])('tells which secret of a list it was, from 0: %#', (secret, position) => {
    const of = secret.length;
    expect(verifyWebhook({ ...delivery, secret })).toMatchObject({ secret: { position, of } });
  });

  it('is the id and the time of a standard delivery', () => {
    expect(verifyWebhook({ ...delivery, secret: SECRET })).toEqual({
      scheme: 'standard',
      id: ID,
      timestamp: T,
    });
  });

  it('is the time, but no unsigned id, of a timestamped delivery', () => {
    const headers = { ...timestamped(), 'webhook-id': ID };
    expect(verifyWebhook({ ...delivery, headers, secret: SECRET })).toEqual({
      scheme: 'timestamped',
      timestamp: T,
    });
  });

  it('is neither an unsigned id nor an unsigned time for a digest', () => {
    const headers = { ...digest(), 'webhook-id': ID, 'webhook-timestamp': String(T) };
    expect(verifyWebhook({ ...delivery, headers, secret: SECRET })).toEqual({ scheme: 'digest' });
  });

  it('takes leading zeros of a signed time for what they are', () => {
    const headers = standard({ timestamp: `000${T}` });
    expect(verifyWebhook({ ...delivery, headers, secret: SECRET }).timestamp).toBe(T);
  });
});

describe('the clock', () => {
  it('is that of this machine where none is given', () => {
    vi.useFakeTimers({ now: NOW });
    expect(verifyWebhook({ rawBody: BODY, headers: standard(), secret: SECRET })).toMatchObject({ id: ID });
    vi.setSystemTime(NOW.getTime() + 301_000);
    expect(errorOf(() => verifyWebhook({ rawBody: BODY, headers: standard(), secret: SECRET })).code).toBe(
      'timestamp_too_old',
    );
  });

  it('is read anew for every delivery of a verifier', () => {
    vi.useFakeTimers({ now: NOW });
    const verifier = createWebhookVerifier({ secret: SECRET });
    verifier.verify({ rawBody: BODY, headers: standard() });
    vi.setSystemTime(NOW.getTime() - 301_000);
    expect(errorOf(() => verifier.verify({ rawBody: BODY, headers: standard() })).code).toBe(
      'timestamp_too_new',
    );
  });
});

describe('createWebhookVerifier', () => {
  it('makes a verifier for any number of deliveries, good and bad', () => {
    const verifier = createWebhookVerifier({ secret: [SECRET, OTHER_SECRET] });
    for (let i = 0; i < 3; i++) {
      const headers = standard({ id: `msg_${i}` });
      expect(verifier.verify({ ...delivery, headers }).id).toBe(`msg_${i}`);
      expect(errorOf(() => verifier.verify({ ...delivery, headers, rawBody: `${BODY} ` })).code).toBe(
        'signature_mismatch',
      );
    }
  });

  it('keeps to what it was made of when the options change afterwards', () => {
    const options = { secret: [SECRET], schemes: ['standard' as const], toleranceSeconds: 10 };
    const verifier = createWebhookVerifier(options);
    options.secret[0] = OTHER_SECRET;
    options.schemes.pop();
    options.toleranceSeconds = 0;
    expect(verifier.verify({ ...delivery, headers: standard({ timestamp: T - 10 }) }).scheme).toBe(
      'standard',
    );
  });

  it('refuses a bad secret before any delivery', () => {
    expect(errorOf(() => createWebhookVerifier({ secret: `${SECRET}\n` })).code).toBe('invalid_secret');
  });

  it('refuses no options at all', () => {
    expect(errorOf(() => createWebhookVerifier(undefined as never)).code).toBe('invalid_options');
  });
});

describe('headers', () => {
  it('may be a Headers of another realm', () => {
    const entries = Object.entries(standard());
    const headers = runInNewContext(
      `new (class { get() { return null; } entries() { return entries[Symbol.iterator](); } })()`,
      { entries },
    ) as WebhookHeaders;
    expect(headers).not.toBeInstanceOf(Object);
    expect(verifyWebhook({ ...delivery, headers, secret: SECRET }).scheme).toBe('standard');
  });

  it('may be a Map, whose names are then in any case', () => {
    const headers = new Map(Object.entries(standard()).map(([name, value]) => [name.toUpperCase(), value]));
    expect(verifyWebhook({ ...delivery, headers: headers as unknown as Headers, secret: SECRET }).id).toBe(
      ID,
    );
  });

  it('may be named get and entries themselves', () => {
    const headers = { get: 'x', entries: 'y', ...standard() };
    expect(verifyWebhook({ ...delivery, headers, secret: SECRET }).id).toBe(ID);
  });

  it('are taken as Node types them', () => {
    expectTypeOf<IncomingHttpHeaders>().toExtend<WebhookHeaders>();
    expectTypeOf<NodeJS.Dict<string[]>>().toExtend<WebhookHeaders>();
    expectTypeOf<Headers>().toExtend<WebhookHeaders>();
    expectTypeOf(verifyWebhook).returns.toEqualTypeOf<WebhookVerification>();
  });

  it('do not come from a polluted Object.prototype', () => {
    const polluted = Object.prototype as Record<string, unknown>;
    Object.assign(polluted, standard());
    try {
      expect(errorOf(() => verifyWebhook({ ...delivery, headers: {}, secret: SECRET })).code).toBe(
        'missing_headers',
      );
    } finally {
      Object.keys(standard()).forEach((name) => Reflect.deleteProperty(polluted, name));
    }
  });
});

describe('a raw body', () => {
  it('may be the Uint8Array of another realm', () => {
    const rawBody = runInNewContext('Uint8Array.from(bytes)', {
      bytes: [...Buffer.from(BODY)],
    }) as Uint8Array;
    expect(rawBody).not.toBeInstanceOf(Uint8Array);
    expect(verifyWebhook({ ...delivery, rawBody, secret: SECRET }).scheme).toBe('standard');
  });

  it('may lie in shared memory', () => {
    const rawBody = new Uint8Array(new SharedArrayBuffer(BODY.length));
    rawBody.set(Buffer.from(BODY));
    expect(verifyWebhook({ ...delivery, rawBody, secret: SECRET }).scheme).toBe('standard');
  });

  it('whose memory is gone is an empty one', () => {
    const rawBody = new Uint8Array(Buffer.from(BODY));
    structuredClone(rawBody.buffer, { transfer: [rawBody.buffer] });
    expect(errorOf(() => verifyWebhook({ ...delivery, rawBody, secret: SECRET })).code).toBe(
      'signature_mismatch',
    );
    expect(
      verifyWebhook({ ...delivery, rawBody, headers: digest({ body: '' }), secret: SECRET }).scheme,
    ).toBe('digest');
  });
});

describe('a WebhookVerificationError', () => {
  const refused = signatureCases.flatMap((each) => ('rejected' in each.expect ? [each] : []));

  it.each(refused.map((each) => [each.name, each] as const))(
    'holds no secret, no signature and nothing that a sender wrote when verifyWebhook %s',
    (_name, { rawBody, headers, secret, schemes, toleranceSeconds, now }) => {
      const error = errorOf(() =>
        verifyWebhook({ rawBody, headers, secret, schemes, toleranceSeconds, now }),
      );
      const text = `${error.message} ${JSON.stringify(error)}`;
      const secrets = [secret].flat().filter((each) => typeof each === 'string' && each.trim().length > 6);
      for (const taboo of [...secrets, KEY.toString('base64'), standardSignature(), String(T)]) {
        expect(text).not.toContain(taboo);
      }
      expect(error.name).toBe('WebhookVerificationError');
      expect(error.message).toMatch(/^.{20,}\.$/);
    },
  );
});
