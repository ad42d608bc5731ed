import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signWebhook, WEBHOOK_SCHEMES } from '../../lib/index.js';
import { type EnvelopeCase, envelopeCases } from '../support/envelope-cases.js';
import { forgetfulStore } from '../support/forgetful-store.js';
import { Recorder } from '../support/recorder.js';
import { PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const SHORTEST_VALUE = 3;

/** The strings and numbers in a body or, where it is no JSON, the ids and types: what no answer may repeat. */
function valuesIn(rawBody: Buffer | string): string[] {
  const text = rawBody.toString();
  const values = new Set<string>(text.match(/\w+[._]\w+/g));
  try {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'string' || typeof value === 'number') {
        values.add(String(value));
      }
    });
  } catch {
    return [...values];
  }
  return [...values].filter(({ length }) => length >= SHORTEST_VALUE);
}

function idIn(rawBody: Buffer | string): unknown {
  const envelope: unknown = JSON.parse(new TextDecoder().decode(Buffer.from(rawBody)));
  return (envelope as { id: unknown }).id;
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let recorder: Recorder;

  beforeAll(async () => {
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { idempotency: { store: forgetfulStore } },
      providers: [Recorder],
    });
    recorder = server.app.get(Recorder);
  });
  afterAll(() => server.close());

  const post = ({ rawBody }: EnvelopeCase, index: number) => {
    const scheme = WEBHOOK_SCHEMES[index % WEBHOOK_SCHEMES.length];
    return server.post(rawBody, signWebhook({ body: rawBody, secret: SECRET, scheme }));
  };
  const numbered = envelopeCases.map((envelope, index) => ({ ...envelope, index }));
  const accepted = numbered.filter((envelope) => envelope.expect === 'accepted');
  const refused = numbered.filter((envelope) => envelope.expect !== 'accepted');

  it.each(accepted)('hands on $name ($rule)', async ({ index, ...envelope }) => {
    const handled = recorder.events.length;
    expect(await post(envelope, index)).toMatchObject({ status: 200, body: 'OK' });
    expect(recorder.events.length).toBe(handled + 1);
    expect(recorder.events.at(-1)?.id).toBe(envelope.id ?? idIn(envelope.rawBody));
    const received = Buffer.from(recorder.contexts.at(-1)?.rawBody ?? []);
    expect(received.equals(Buffer.from(envelope.rawBody))).toBe(true);
  });

  it.each(refused)('answers 400 to $name ($rule)', async ({ index, ...envelope }) => {
    const handled = recorder.events.length;
    const { status, body } = await post(envelope, index);
    const { message, ...rest } = JSON.parse(body) as { message: string };
    expect([status, rest]).toEqual([400, { statusCode: 400, error: 'Bad Request' }]);
    expect(message).toContain(envelope.says ?? '');
    expect(message).toMatch(/^(The body|"(id|type|data)") [ -~]+\.$/);
    expect(valuesIn(envelope.rawBody).filter((value) => message.includes(value))).toEqual([]);
    expect(recorder.events.length).toBe(handled);
  });
});
