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
import { markedPayload, marksIn, quoting } from '../support/marked-payload.js';
import { LifecycleMessages } from '../support/lifecycle-messages.js';
import { RegisteredTelemetry } from '../support/open-telemetry.js';
import { PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

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
      const data = markedPayload(event.data, () => ++count) as object;
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
      expect(marksIn(text), where).toEqual([]);
      expect(text.includes(SECRET), where).toBe(false);
    }
  });
});
