import { afterEach, describe, expect, it, vi } from 'vitest';
import { signWebhook, type SignWebhookOptions } from '../../../lib/signature/sign-webhook.js';
import { verifyWebhook } from '../../../lib/signature/verify-webhook.js';
import { WEBHOOK_SCHEMES } from '../../../lib/signature/webhook-scheme.js';
import { BODY, ID, NOW, SECRET, T } from '../../support/signature-cases/signature-case.js';
import { digestSignature, standard, timestamped } from '../../support/signature-cases/signed-headers.js';

const codeOf = (options: unknown): unknown => {
  try {
    return signWebhook(options as SignWebhookOptions);
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

afterEach(() => {
  vi.useRealTimers();
});

describe('signWebhook', () => {
  it('signs under standard by default', () => {
    expect(signWebhook({ body: BODY, secret: SECRET, id: ID, timestamp: T })).toEqual(standard());
  });

  it('signs under timestamped', () => {
    expect(signWebhook({ body: BODY, secret: SECRET, scheme: 'timestamped', timestamp: T })).toEqual(
      timestamped(),
    );
  });

  it('signs under digest', () => {
    expect(signWebhook({ body: BODY, secret: SECRET, scheme: 'digest' })).toEqual({
      'x-scalekit-signature': `sha256=${digestSignature()}`,
    });
  });

  it('gives the published vector of Standard Webhooks', () => {
    expect(
      signWebhook({
        body: '{"test": 2432232314}',
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        timestamp: 1_614_265_330,
      }),
    ).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('takes bytes as the text they are', () => {
    expect(signWebhook({ body: Buffer.from(BODY), secret: SECRET, id: ID, timestamp: T })).toEqual(
      standard(),
    );
  });

  it('takes the body by the name that verifyWebhook uses', () => {
    expect(signWebhook({ rawBody: BODY, secret: SECRET, id: ID, timestamp: T })).toEqual(standard());
    const delivery = { rawBody: Buffer.from(BODY), secret: SECRET };
    expect(verifyWebhook({ ...delivery, headers: signWebhook(delivery) })).toMatchObject({
      scheme: 'standard',
    });
  });

  it('takes a Date for the second that it lies in', () => {
    const timestamp = new Date(NOW.getTime() + 999);
    expect(signWebhook({ body: BODY, secret: SECRET, id: ID, timestamp })).toEqual(standard());
  });

  it.each([0, 999_999_999_999_999])('takes any time that a header can hold: %d', (timestamp) => {
    expect(signWebhook({ body: BODY, secret: SECRET, timestamp })).toMatchObject({
      'webhook-timestamp': String(timestamp),
    });
  });

  it('signs with the clock of this machine by default', () => {
    vi.useFakeTimers({ now: NOW.getTime() + 999 });
    expect(signWebhook({ body: BODY, secret: SECRET, id: ID })).toEqual(standard());
  });

  it('makes an id of its own for every delivery', () => {
    const ids = Array.from({ length: 100 }, () => signWebhook({ body: BODY, secret: SECRET })['webhook-id']);
    expect(new Set(ids).size).toBe(100);
    ids.forEach((id) => {
      expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    });
  });

  it.each(WEBHOOK_SCHEMES)('signs deliveries under %s that are accepted now', (scheme) => {
    const headers = signWebhook({ body: BODY, secret: SECRET, scheme });
    expect(verifyWebhook({ rawBody: BODY, headers, secret: SECRET, schemes: [scheme] }).scheme).toBe(scheme);
  });

  it.each([
    ['no options', undefined, 'invalid_options'],
    ['an unknown scheme', { body: BODY, secret: SECRET, scheme: 'none' }, 'invalid_options'],
    ['a list of schemes', { body: BODY, secret: SECRET, scheme: ['digest'] }, 'invalid_options'],
    ['an empty id', { body: BODY, secret: SECRET, id: '' }, 'invalid_options'],
    ['an id that is no text', { body: BODY, secret: SECRET, id: 1 }, 'invalid_options'],
    ['an invalid date', { body: BODY, secret: SECRET, timestamp: new Date(NaN) }, 'invalid_options'],
    ['a time before the epoch', { body: BODY, secret: SECRET, timestamp: -1 }, 'invalid_options'],
    ['a time of 16 digits', { body: BODY, secret: SECRET, timestamp: 1e15 }, 'invalid_options'],
    ['a time that is no number', { body: BODY, secret: SECRET, timestamp: String(T) }, 'invalid_options'],
    ['a parsed object', { body: {}, secret: SECRET }, 'invalid_body'],
    ['no body', { secret: SECRET }, 'invalid_body'],
    ['body and rawBody', { body: BODY, rawBody: BODY, secret: SECRET }, 'invalid_body'],
    ['a parsed object as rawBody', { rawBody: {}, secret: SECRET }, 'invalid_body'],
    [
      'a body that only looks like bytes',
      { body: Object.create(Uint8Array.prototype) as unknown, secret: SECRET },
      'invalid_body',
    ],
    ['no secret', { body: BODY }, 'invalid_secret'],
    ['several secrets', { body: BODY, secret: [SECRET] }, 'invalid_secret'],
    ['a secret that can not serve standard', { body: BODY, secret: 'no base64, but long' }, 'invalid_secret'],
  ])('refuses %s', (_name, options, code) => {
    expect(codeOf(options)).toBe(code);
  });
});
