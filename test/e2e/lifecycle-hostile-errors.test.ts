import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  type ScalekitEnvelope,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { LifecycleMessages } from '../support/lifecycle-messages.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

let thrown: (event: ScalekitEnvelope) => unknown;

@Injectable()
class Throws {
  @OnScalekitEvent('*')
  handle(event: ScalekitEnvelope): void {
    throw thrown(event);
  }
}

describe('a call that ends with an error that a payload was copied into', () => {
  let messages: LifecycleMessages;
  let server: WebhookApp;

  beforeEach(() => {
    messages = new LifecycleMessages();
  });
  afterEach(async () => {
    messages.stop();
    await server.close();
  });

  it.each<[string, object, (event: ScalekitEnvelope) => unknown]>([
    [
      'its class',
      { constructor: { name: 'jane@example.com' } },
      ({ data }) => Object.assign(new Error('x'), data),
    ],
    ['its code', { code: 'jane@example.com' }, ({ data }) => Object.assign(new RetryLaterError(30), data)],
    ['no class', { constructor: null }, ({ data }) => Object.assign(new Error('x'), data)],
    [
      'a prototype that can be read',
      {},
      () =>
        new Proxy(new Error('x'), {
          getPrototypeOf: () => {
            throw new Error('jane@example.com');
          },
        }),
    ],
    [
      'properties that throw',
      {},
      () =>
        new Proxy(new Error('x'), {
          get: () => {
            throw new Error('jane@example.com');
          },
        }),
    ],
  ])('is told as failed, without %s', async (_, data, make) => {
    thrown = make;
    server = await WebhookApp.start({ providers: [Throws] });
    expect((await server.deliver(anEvent('user.created', { data }))).status).toBeGreaterThanOrEqual(500);
    expect(messages.calls('failed')).toHaveLength(1);
    expect(JSON.stringify(messages.all)).not.toContain('jane');
  });

  it.each<object>([{ constructor: null }, { code: 'P2002' }])(
    'is given up on, as its handler said: %j',
    async (data) => {
      thrown = (event) => Object.assign(new UnrecoverableEventError('no seat'), event.data);
      server = await WebhookApp.start({ providers: [Throws] });
      const event = anEvent('user.created', { data });
      expect((await server.deliver(event)).status).toBe(200);
      expect(messages.calls('given_up')).toHaveLength(1);
    },
  );

  it('is retried when its handler said', async () => {
    thrown = (event) => Object.assign(new RetryLaterError(30), event.data);
    server = await WebhookApp.start({ providers: [Throws] });
    const answer = await server.deliver(anEvent('user.created', { data: { seconds: 3_000 } }));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
  });
});
