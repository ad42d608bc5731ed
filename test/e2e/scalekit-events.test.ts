import { Injectable } from '@nestjs/common';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  OnScalekitEvent,
  type ScalekitEnvelope,
  type ScalekitEventContext,
  signWebhook,
  WEBHOOK_SCHEMES,
} from '../../lib/index.js';
import {
  type DocumentedEvent,
  documentsAreHere,
  overviewEvents,
  referenceEvents,
} from '../support/documented-events.js';
import { PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

interface Seen {
  readonly handler: string;
  readonly event: ScalekitEnvelope;
  readonly context: ScalekitEventContext;
}

/** Handlers with patterns of every kind, and what each of them must be called for. */
const HANDLERS: Record<string, { pattern: string | string[]; hears: (type: string) => boolean }> = {
  everything: { pattern: '*', hears: () => true },
  ofOrganizations: { pattern: 'organization.*', hears: (type) => type.startsWith('organization.') },
  ofDirectoryUsers: {
    pattern: 'organization.directory.user_*',
    hears: (type) => type.startsWith('organization.directory.user_'),
  },
  creations: { pattern: '*.created', hears: (type) => type.endsWith('.created') },
  tokens: { pattern: '*.*token*_*', hears: (type) => /^[^.]+\..*token.*_/.test(type) },
  listed: {
    pattern: ['user.login', 'user.logout', 'session.expired'],
    hears: (type) => ['user.login', 'user.logout', 'session.expired'].includes(type),
  },
  listedTwice: {
    pattern: ['role.*', 'role.created', '*.updated'],
    hears: (type) => type.startsWith('role.') || type.endsWith('.updated'),
  },
  ofNothingSent: { pattern: 'organization', hears: () => false },
};

@Injectable()
class Listeners {
  readonly seen: Seen[] = [];
}

function listen(handler: string, pattern: string | string[]): void {
  const descriptor: PropertyDescriptor = {
    value(this: Listeners, event: ScalekitEnvelope, context: ScalekitEventContext) {
      this.seen.push({ handler, event, context });
    },
  };
  Object.defineProperty(Listeners.prototype, handler, descriptor);
  OnScalekitEvent(pattern)(Listeners.prototype, handler, descriptor as TypedPropertyDescriptor<never>);
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

const NOW = new Date('2026-03-01T12:00:00.789Z');
const documented = documentsAreHere ? [...referenceEvents(), ...overviewEvents()] : [];
const byTypeAndScheme = documented.flatMap((event, index) =>
  WEBHOOK_SCHEMES.map((scheme) => ({ type: event.type, scheme, event, index })),
);

for (const [name, { pattern }] of Object.entries(HANDLERS)) {
  listen(name, pattern);
}
for (const { type } of documented) {
  listen(`exactly ${type}`, type);
}

function handlersOf(type: string): string[] {
  const matching = Object.keys(HANDLERS).filter((name) => HANDLERS[name]?.hears(type));
  return [...matching, `exactly ${type}`].sort();
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let seen: Seen[];

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    server = await WebhookApp.start({ adapter: adapter(), providers: [Listeners] });
    ({ seen } = server.app.get(Listeners));
  });
  beforeEach(() => seen.splice(0));
  afterAll(async () => {
    vi.useRealTimers();
    await server.close();
  });

  describe.skipIf(!documentsAreHere)("the documents' events (skipped without ../shared/reference)", () => {
    it('are 41 of the API reference and 11 of the overview', () => {
      expect([referenceEvents().length, overviewEvents().length]).toEqual([41, 11]);
    });

    it.each(byTypeAndScheme)(
      'answers OK to $type, signed with $scheme, and calls its handlers',
      async ({ type, scheme, event: example, index }) => {
        const event: DocumentedEvent = { ...example, id: `evt_${index}_${scheme}` };
        const body = JSON.stringify(event);
        const headers = signWebhook({ body, secret: SECRET, scheme, id: 'msg_1' });

        expect(await server.post(body, headers)).toMatchObject({ status: 200, body: 'OK' });

        expect(seen.map(({ handler }) => handler).sort()).toEqual(handlersOf(type));
        expect(seen[0]?.event).toEqual(event);
        expect(isDeeplyFrozen(seen[0]?.event)).toBe(true);
        for (const { event: received, context } of seen) {
          expect(received).toBe(seen[0]?.event);
          expect(context).toMatchObject({
            deliveryId: scheme === 'standard' ? 'msg_1' : event.id,
            endpoint: 'default',
            scheme,
            occurredAt: new Date(event.occurred_at ?? event.created ?? NaN),
            receivedAt: NOW,
            attempt: 1,
            signal: { aborted: false },
          });
          expect(Buffer.from(context.rawBody).toString()).toBe(body);
        }
      },
    );
  });

  const event = { id: 'evt_sender', type: 'user.created', data: { name: 'Zoë 漢字 🎉' } };
  const sign = {
    standardwebhooks: (body: string) => new StandardWebhook(SECRET).sign('msg_2', NOW, body),
    svix: (body: string) => new SvixWebhook(SECRET).sign('msg_2', NOW, body),
  };

  it.each([
    ['standardwebhooks', 'webhook'],
    ['svix', 'webhook'],
    ['svix', 'svix'],
  ] as const)('takes what the %s package signs, under %s-* headers', async (sender, prefix) => {
    const body = JSON.stringify({ ...event, id: `${event.id}_${sender}_${prefix}` }, null, 2);
    const headers = {
      [`${prefix}-id`]: 'msg_2',
      [`${prefix}-timestamp`]: String(Math.floor(NOW.getTime() / 1000)),
      [`${prefix}-signature`]: sign[sender](body),
    };

    expect(await server.post(body, headers)).toMatchObject({ status: 200, body: 'OK' });

    const handlers = ['creations', 'everything', ...(documentsAreHere ? ['exactly user.created'] : [])];
    expect(seen.map(({ handler }) => handler).sort()).toEqual(handlers);
    expect(seen[0]?.event.data).toEqual(event.data);
    expect(seen[0]?.context).toMatchObject({ deliveryId: 'msg_2', scheme: 'standard' });
  });
});
