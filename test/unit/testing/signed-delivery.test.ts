import { describe, expect, it } from 'vitest';
import { verifyWebhook, WEBHOOK_SCHEMES, WebhookVerificationError } from '../../../lib/index.js';
import { scalekitEvent, type SignedDelivery, signedDelivery } from '../../../lib/testing/index.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER = `whsec_${Buffer.from('another secret of 32 bytes, or so').toString('base64')}`;
const NOW = new Date('2026-04-05T06:07:08Z');

const event = scalekitEvent('user.created', { data: { email: 'chloé@example.com' } });

/** `accepted`, or why not. */
function verdict({ rawBody, headers }: SignedDelivery, secret: string | string[] = SECRET, now = NOW) {
  try {
    verifyWebhook({ rawBody, headers, secret, now });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.code;
    throw error;
  }
}
const signatureOf = ({ headers }: SignedDelivery) =>
  headers['webhook-signature'] ?? headers['scalekit-signature'] ?? headers['x-scalekit-signature'];

describe.each(WEBHOOK_SCHEMES)('a delivery signed by %s', (scheme) => {
  const options = { secret: SECRET, scheme, timestamp: NOW };

  it('is accepted by who knows the secret, and by nobody else', () => {
    const delivery = signedDelivery(event, options);
    expect(verdict(delivery)).toBe('accepted');
    expect(verdict(delivery, OTHER)).toBe('signature_mismatch');
    expect(JSON.parse(delivery.body)).toEqual(event);
    expect(Buffer.from(delivery.rawBody).toString()).toBe(delivery.body);
    expect(delivery).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
  });

  it('may be of any bytes', () => {
    const bytes = Uint8Array.from([0xff, 0x00, 0x7b]);
    const delivery = signedDelivery(bytes, options);
    expect([...delivery.rawBody]).toEqual([...bytes]);
    expect(verdict(delivery)).toBe('accepted');
    expect(signedDelivery('no JSON', options).body).toBe('no JSON');
  });

  it('no longer holds when it was tampered with, and is still JSON', () => {
    const delivery = signedDelivery.tampered(event, options);
    expect(verdict(delivery)).toBe('signature_mismatch');
    expect(JSON.parse(delivery.body)).toEqual({ tampered: true, ...event });
    expect(verdict(signedDelivery.tampered({}, options))).toBe('signature_mismatch');
    expect(verdict(signedDelivery.tampered('', options))).toBe('signature_mismatch');
  });

  it('is well-formed and refused when forged', () => {
    expect(verdict(signedDelivery.forged(event, { scheme, timestamp: NOW }))).toBe('signature_mismatch');
    expect(signedDelivery.forged(event, { scheme }).headers).not.toEqual(
      signedDelivery.forged(event, { scheme }).headers,
    );
  });

  it('comes again with the same bytes and message id, signed anew', () => {
    const delivery = signedDelivery(event, options);
    const later = new Date(NOW.getTime() + 600_000);
    const again = signedDelivery.duplicateOf(delivery, later);
    expect([...again.rawBody]).toEqual([...delivery.rawBody]);
    expect(again.headers['webhook-id']).toBe(delivery.headers['webhook-id']);
    expect(verdict(again, SECRET, later)).toBe('accepted');
    expect(signatureOf(again) === signatureOf(delivery)).toBe(scheme === 'digest');
    expect(verdict(signedDelivery.duplicateOf(signedDelivery.tampered(event, options), NOW))).toBe(
      'signature_mismatch',
    );
  });

  it('is signed with the clock of this machine unless it is told a time', () => {
    const delivery = signedDelivery(event, { secret: SECRET, scheme });
    expect(verdict(delivery, SECRET, new Date())).toBe('accepted');
  });
});

describe.each(['standard', 'timestamped'] as const)('a delivery signed by %s', (scheme) => {
  const options = { secret: SECRET, scheme, timestamp: NOW };

  it('is refused when expired or from the future', () => {
    expect(verdict(signedDelivery.expired(event, options))).toBe('timestamp_too_old');
    expect(verdict(signedDelivery.fromTheFuture(event, options))).toBe('timestamp_too_new');
    const anHourEarlier = new Date(NOW.getTime() - 3_600_000);
    expect(verdict(signedDelivery.expired(event, options), SECRET, anHourEarlier)).toBe('accepted');
  });

  it('is accepted for the old and for the new secret while they rotate', () => {
    const delivery = signedDelivery.rotated(event, { ...options, previousSecret: OTHER });
    expect(verdict(delivery, OTHER)).toBe('accepted');
    expect(verdict(delivery, SECRET)).toBe('accepted');
    expect(verdict(delivery, `whsec_${Buffer.alloc(32).toString('base64')}`)).toBe('signature_mismatch');
  });
});

describe('signedDelivery', () => {
  it('names a message after its event, so that another delivery of the event has the same id', () => {
    const first = signedDelivery(event, { secret: SECRET });
    const second = signedDelivery(event, { secret: SECRET });
    expect(first.headers['webhook-id']).toBe(event.id.replace('evt_', 'msg_'));
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(signedDelivery(event, { secret: SECRET, id: 'msg_7' }).headers['webhook-id']).toBe('msg_7');
  });

  it('names a message at random where the event has no id that a header could carry', () => {
    for (const odd of [{ id: 'ключ\n' }, { id: 7 }, {}, 'text']) {
      expect(signedDelivery(odd, { secret: SECRET }).headers['webhook-id']).toMatch(/^msg_[\w-]{36}$/);
    }
  });

  it.each(['expired', 'fromTheFuture'] as const)('says that %s means nothing under digest', (preset) => {
    expect(() => signedDelivery[preset](event, { secret: SECRET, scheme: 'digest' })).toThrow(
      `signedDelivery.${preset} means nothing under the scheme "digest": it signs no time.`,
    );
  });

  it('says that rotated means nothing under digest', () => {
    const options = { secret: SECRET, previousSecret: OTHER, scheme: 'digest' } as const;
    expect(() => signedDelivery.rotated(event, options)).toThrow(/its header holds one signature/);
  });

  it('refuses a secret that could not serve', () => {
    expect(() => signedDelivery(event, { secret: 'short' })).toThrow(WebhookVerificationError);
  });
});
