import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  SCALEKIT_EVENT_TYPES,
  type ScalekitEnvelope,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { scalekitEvent } from '../../lib/testing/index.js';
import { LifecycleMessages } from '../support/lifecycle-messages.js';
import { RegisteredTelemetry } from '../support/open-telemetry.js';
import { PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const MARK = 'zqmark';
// Long enough not to turn up by chance among the digits of a duration or an id.
const NUMBER = 918_273_640_000;

/** The same payload with values that are found wherever they turn up. */
function marked(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => marked(each, next));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, marked(each, next)]));
  }
  switch (typeof value) {
    case 'string':
      return `${MARK}${next()}@example.com`;
    case 'number':
      return NUMBER + next();
    default:
      return value;
  }
}

/** Text that quotes all of the payload, in each place of an error where text may be. */
function quoting<E extends Error>(error: E, data: unknown): E {
  const quote = JSON.stringify(data);
  return Object.assign(error, { name: quote, code: quote, status: quote, cause: new Error(quote) });
}

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

describe('what tells of deliveries holds no value of their payloads', () => {
  let telemetry: RegisteredTelemetry;
  let messages: LifecycleMessages;
  let server: WebhookApp;

  beforeEach(() => {
    telemetry = new RegisteredTelemetry();
    messages = new LifecycleMessages();
  });
  afterEach(async () => {
    messages.stop();
    await server.close();
    await telemetry.close();
  });

  it.each(PLATFORMS)('of no documented type, on $platform', async ({ adapter }) => {
    server = await WebhookApp.start({ adapter: adapter(), providers: [Handlers] });
    let count = 0;
    for (const type of SCALEKIT_EVENT_TYPES) {
      const event = scalekitEvent(type);
      const data = marked(event.data, () => ++count) as object;
      expect((await server.deliver({ ...event, data })).status).toBe(500);
      await server.deliver(
        { ...event, data, environment_id: 1 },
        { secret: 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM' },
      );
    }
    expect(count).toBeGreaterThan(SCALEKIT_EVENT_TYPES.length);
    const spans = telemetry.spans.map(({ name, attributes, events, links, status }) => {
      return { name, attributes, events, links, status };
    });
    const told: Record<string, string> = {
      channels: JSON.stringify(messages.all),
      spans: JSON.stringify(spans),
      metrics: JSON.stringify(await telemetry.metrics()),
      prometheus: await telemetry.scrape(),
      log: server.logs.everything.join('\n'),
      failed: JSON.stringify(await server.app.get(ScalekitWebhookService).failed({ limit: 1_000 })),
    };
    const types = SCALEKIT_EVENT_TYPES.length;
    expect(messages.calls('given_up')).toHaveLength(types);
    expect(spans.filter(({ name }) => name === 'handle Handlers.fails')).toHaveLength(types);
    expect(server.logs.debugLines.filter((line) => line.includes('Handlers.gives_up'))).toHaveLength(types);
    for (const [where, text] of Object.entries(told)) {
      expect(text.length, where).toBeGreaterThan(100);
      const leaks = Array.from(text.matchAll(/.{0,80}(?:zqmark\d|91827364\d{4}).{0,40}/g), ([leak]) => leak);
      expect(leaks, where).toEqual([]);
      expect(text.includes(SECRET), where).toBe(false);
    }
  });
});
