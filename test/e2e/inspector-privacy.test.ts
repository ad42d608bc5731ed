import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  SCALEKIT_EVENT_TYPES,
  type ScalekitEnvelope,
  UnrecoverableEventError,
} from '../../lib/index.js';
import type { DeliveryAnswer } from '../../lib/inspector/inspector.api.js';
import { scalekitEvent } from '../../lib/testing/index.js';
import { marksIn, markedPayload, quoting } from '../support/marked-payload.js';
import { InspectorReader, startInspected } from '../support/inspector-app.js';
import { anEvent, PLATFORMS, SECRET, type WebhookApp } from '../support/webhook-app.js';

const OTHER_SECRET = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM';
const MIB = 1_048_576;

@Injectable()
class Handlers {
  @OnScalekitEvent('*')
  finishes(event: ScalekitEnvelope): unknown {
    return event.data;
  }

  @OnScalekitEvent('*')
  fails({ data }: ScalekitEnvelope): void {
    throw quoting(new Error(JSON.stringify(data)), data);
  }

  @OnScalekitEvent('*')
  gives_up({ data }: ScalekitEnvelope): void {
    throw Object.assign(new UnrecoverableEventError(JSON.stringify(data)), { cause: JSON.stringify(data) });
  }
}

describe.each(PLATFORMS)('what the inspector says of payloads, on $platform', ({ adapter }) => {
  let server: WebhookApp;
  const base = () => `${server.url}/webhooks/inspector`;

  afterEach(async () => {
    await server.close();
  });

  /** Every answer there is, once so many deliveries are written. */
  async function allAnswers(count: number): Promise<Record<string, string>> {
    const reader = await InspectorReader.open(`${base()}/api/entries`);
    await expect.poll(() => reader.deliveries.filter(({ outcome }) => outcome)).toHaveLength(count);
    await expect.poll(() => reader.calls.filter(({ stage }) => stage === 'running')).toEqual([]);
    const text = async (path: string) => (await fetch(`${base()}/api/${path}`)).text();
    const details = reader.deliveries.map(({ key }) => text(`deliveries?key=${encodeURIComponent(key)}`));
    reader.close();
    return {
      entries: reader.text,
      details: (await Promise.all(details)).join('\n'),
      state: await text('state'),
      stats: await text('stats?window=24h'),
      failed: await text('failed?limit=1000'),
    };
  }

  async function deliverAll(): Promise<number> {
    let count = 0;
    for (const type of SCALEKIT_EVENT_TYPES) {
      const event = scalekitEvent(type);
      const data = markedPayload(event.data, () => ++count) as object;
      await server.deliver({ ...event, data });
      await server.deliver({ ...event, data }, { secret: OTHER_SECRET });
    }
    return SCALEKIT_EVENT_TYPES.length * 2;
  }

  it('holds no value of any documented type', async () => {
    server = await startInspected({ adapter: adapter(), providers: [Handlers] });
    for (const [where, text] of Object.entries(await allAnswers(await deliverAll()))) {
      expect(text.length, where).toBeGreaterThan(100);
      expect(marksIn(text), where).toEqual([]);
      expect(text.includes(SECRET), where).toBe(false);
    }
  });

  it('with showPayloads, holds them, and no secret', async () => {
    server = await startInspected({
      ...{ adapter: adapter(), providers: [Handlers] },
      inspector: { showPayloads: true },
    });
    const hidden = 'zq-hidden';
    const secrets = {
      txt_record_secret: hidden,
      nested: [{ clientSecret: hidden, PASSWORD: [hidden], access_token: { a: hidden } }],
      api_key: hidden,
      attributes: [{ name: 'password', value: hidden }],
      text: `my secret is ${SECRET} and eyJhbGciOiJIUzI1NiJ9.${hidden.replace('-', '')}.x`,
    };
    await server.deliver(
      anEvent('organization.domain_created', { data: { visible: 'zq-visible', ...secrets } }),
    );
    const count = await deliverAll();
    const { details = '', ...others } = await allAnswers(count + 1);
    expect(details).toContain('zq-visible');
    expect(marksIn(details).length).toBeGreaterThan(SCALEKIT_EVENT_TYPES.length);
    expect(details).not.toMatch(/zq-?hidden/);
    expect(details).not.toContain(SECRET);
    for (const [where, text] of Object.entries(others)) {
      expect(marksIn(text), where).toEqual([]);
    }
    for (const text of details.split('\n')) {
      const { delivery, detail } = JSON.parse(text) as DeliveryAnswer;
      expect('payload' in detail).toBe(delivery.outcome !== 'refused');
      expect(detail.payload ?? '').not.toMatch(/"txt_record_secret": "(?!\[hidden\])/);
    }
  });

  it('is text, and bounded, whatever a sender thinks of', async () => {
    server = await startInspected({
      ...{ adapter: adapter(), providers: [Handlers] },
      inspector: { showPayloads: true },
      webhook: { maxBodyBytes: 8 * MIB },
    });
    const hostile = '</script><script>alert(1)</script>\u202e\u2066\u2028"\'`${x}';
    const ids = [
      hostile,
      'javascript:alert(1)',
      'https://evil.example/?a=b&c=d#e',
      '../../api/failed',
      '%00',
    ];
    for (const id of ids) {
      const event = anEvent('user.created', { id, organization_id: hostile.repeat(100), type: id });
      await server.deliver({
        ...event,
        data: { [hostile]: hostile, ['__proto__']: { constructor: hostile } },
      });
    }
    await server.deliver(
      anEvent('user.created', { data: { long: 'x'.repeat(MIB) }, organization_id: 'y'.repeat(MIB) }),
    );
    const keys = Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 'z'.repeat(20)]);
    await server.deliver(anEvent('user.created', { data: Object.fromEntries(keys) as object }));
    await server.post('x'.repeat(MIB), {
      'webhook-signature': 'v1,'.repeat(3_000),
      'user-agent': hostile.replace(/[^ -~]/g, ''),
    });
    const { entries = '', details = '' } = await allAnswers(ids.length + 3);
    expect(entries.length).toBeLessThan(40_000);
    for (const text of details.split('\n')) {
      const { delivery, detail } = JSON.parse(text) as DeliveryAnswer;
      expect(text.length).toBeLessThan(200_000);
      expect(detail.payload?.length ?? 0).toBeLessThan(70_000);
      expect(JSON.stringify(delivery).length).toBeLessThan(3_000);
    }
    const shown = details.split('\n').map((text) => (JSON.parse(text) as DeliveryAnswer).delivery.eventId);
    expect(shown).toEqual(expect.arrayContaining(ids));
  });
});
