import { afterEach, describe, expect, it, vi } from 'vitest';
import { signWebhook, WEBHOOK_SCHEMES } from '../../lib/index.js';
import { type HeaderLines, RawConnection, rawPost } from '../support/raw-connection.js';
import { Recorder } from '../support/recorder.js';
import { RecordingStore } from '../support/recording-store.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const ROUNDS = 300;
const LONG_AGO = new Date('2024-01-15T10:30:00Z');

const signed = (...options: Parameters<typeof signWebhook>): HeaderLines =>
  Object.entries(signWebhook(...options));

/** One delivery of each kind that is not authentic. */
function forgeries(): Buffer[] {
  const body = JSON.stringify(anEvent());
  const secret = 'whsec_Z3Vlc3NlZCBieSBzb21lYm9keSBlbHNl';
  return [
    rawPost([], body),
    rawPost([['webhook-signature', 'v1,nonsense']], body),
    rawPost([['x-scalekit-signature', 'sha256=']], body),
    rawPost(signed({ body, secret: SECRET, timestamp: LONG_AGO }), body),
    rawPost(signed({ body, secret: SECRET }), `${body} `),
    ...WEBHOOK_SCHEMES.map((scheme) => rawPost(signed({ body, secret, scheme }), body)),
  ];
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  afterEach(() => {
    vi.useRealTimers();
    return server.close();
  });

  it(`asks the store nothing and logs a few lines for ${ROUNDS * forgeries().length} forgeries`, async () => {
    const store = new RecordingStore();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { idempotency: { store } },
      providers: [Recorder],
    });
    const booted = server.logs.lines.length;
    const reasonsLogged = () =>
      server.logs.lines.slice(booted).map((line) => /^warn: \[default\] (\w+): /.exec(line)?.[1]);
    const reasons = ['malformed_header', 'missing_headers', 'signature_mismatch', 'timestamp_too_old'];

    // For the log, the whole flood comes within one second.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const connection = await RawConnection.open(server);
    for (let round = 0; round < ROUNDS; round++) {
      const flood = forgeries();
      await connection.send(Buffer.concat(flood));
      const answers = await connection.answers(flood.length);
      expect(answers.map(({ status }) => status)).toEqual(flood.map(() => 401));
    }
    await connection.abort();

    expect(store.callCount).toBe(0);
    expect(server.app.get(Recorder).events).toEqual([]);
    expect(reasonsLogged().sort()).toEqual(reasons);

    vi.advanceTimersByTime(1_000);
    expect(reasonsLogged().sort()).toEqual([...reasons, ...reasons].sort());
    expect(server.logs.matching(new RegExp(`missing_headers: .*\\(${ROUNDS - 1} more`))).toHaveLength(1);

    vi.useRealTimers();
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
    expect(store.callCount).toBe(2);
  });
});
