import { Socket } from 'node:net';
import { ScalekitClient } from '@scalekit-sdk/node';
import * as standardWebhooks from 'standardwebhooks';
import * as svixLibrary from 'svix';
import { describe, expect, it, vi } from 'vitest';
import { signWebhook } from '../../../lib/signature/sign-webhook.js';
import { verifyWebhook } from '../../../lib/signature/verify-webhook.js';
import { BODY, ID, SECRET } from '../../support/signature-cases/signature-case.js';

const senders = [
  ['standardwebhooks', new standardWebhooks.Webhook(SECRET)],
  ['svix', new svixLibrary.Webhook(SECRET)],
] as const;

const bodies = [
  ['an event', BODY],
  ['letters beyond ASCII', '{"name":"Žižka 🎺"}'],
  ['nothing', ''],
] as const;

describe.each(senders)('a delivery that %s has signed', (_library, sender) => {
  it.each(['webhook', 'svix'])('is accepted with %s-* headers', (prefix) => {
    const now = new Date();
    for (const [, rawBody] of bodies) {
      const headers = {
        [`${prefix}-id`]: ID,
        [`${prefix}-timestamp`]: String(Math.floor(now.getTime() / 1000)),
        [`${prefix}-signature`]: sender.sign(ID, now, rawBody),
      };
      expect(verifyWebhook({ rawBody, headers, secret: SECRET })).toMatchObject({
        scheme: 'standard',
        id: ID,
      });
    }
  });
});

describe('a delivery that signWebhook has signed', () => {
  it.each(senders)('is accepted by %s', (_library, receiver) => {
    const headers = signWebhook({ body: BODY, secret: SECRET });
    expect(receiver.verify(BODY, headers)).toEqual(JSON.parse(BODY));
  });

  it.each(bodies)('is accepted by the SDK of Scalekit with %s', (_name, body) => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    const sdk = new ScalekitClient('https://example.scalekit.dev', 'skc_1', 'test_1');
    const headers = signWebhook({ body, secret: SECRET });
    expect(sdk.verifyWebhookPayload(SECRET, headers, body)).toBe(true);
    expect(connect).not.toHaveBeenCalled();
    connect.mockRestore();
  });

  it('is rejected by all of them when its body has changed', () => {
    const sdk = new ScalekitClient('https://example.scalekit.dev', 'skc_1', 'test_1');
    const headers = signWebhook({ body: BODY, secret: SECRET });
    for (const [, receiver] of senders) {
      expect(() => receiver.verify(`${BODY} `, headers)).toThrow('No matching signature');
    }
    expect(() => sdk.verifyWebhookPayload(SECRET, headers, `${BODY} `)).toThrow('Invalid Signature');
  });
});
