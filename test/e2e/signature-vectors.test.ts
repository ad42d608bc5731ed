import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EnvelopeError } from '../../lib/index.js';
import { readEnvelope } from '../../lib/index.js';
import { forgetfulStore } from '../support/forgetful-store.js';
import { type HeaderLines, type RawAnswer, RawConnection, rawPost } from '../support/raw-connection.js';
import { Recorder } from '../support/recorder.js';
import { type SignatureCase, signatureCases } from '../support/signature-cases/index.js';
import { NOW, SECRET, T } from '../support/signature-cases/signature-case.js';
import { digest, standard, timestamped } from '../support/signature-cases/signed-headers.js';
import { LogLines, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

const REFUSED = {
  status: 401,
  body: '{"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}',
};

/** The module's own options begin at one second. */
const canBoot = ({ toleranceSeconds }: SignatureCase) => toleranceSeconds !== 0;
const cases = signatureCases.filter((vector) => vector.overHttp && canBoot(vector));

/** What the envelope says of a body whose signature holds: undefined if it is an event. */
function envelopeError(rawBody: Uint8Array | string): string | undefined {
  try {
    readEnvelope(Buffer.from(rawBody));
    return undefined;
  } catch (error) {
    return (error as EnvelopeError).code;
  }
}

describe('the signature cases', () => {
  it('are all sent but those that HTTP can not carry, and two that no application can be configured for', () => {
    const leftOut = signatureCases.filter((vector) => vector.overHttp && !canBoot(vector));
    expect(leftOut.map(({ name }) => name)).toEqual([
      'accepts the same second with a tolerance of 0',
      'rejects the second before with a tolerance of 0',
    ]);
    expect(cases.length).toBeGreaterThan(250);
    expect(new Set(cases.map(({ rule }) => rule)).size).toBeGreaterThan(10);
  });
});

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  const servers = new Map<string, WebhookApp>();
  /** Nest has one logger a process. */
  const logs = new LogLines();
  let reported = 0;

  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  });
  // Each reason is logged once a second: let one pass.
  afterEach(() => {
    vi.advanceTimersByTime(1_000);
  });
  afterAll(async () => {
    vi.useRealTimers();
    await Promise.all([...servers.values()].map((server) => server.close()));
  });

  const serverFor = async (settings: Pick<SignatureCase, 'secret' | 'schemes' | 'toleranceSeconds'>) => {
    const { secret, schemes, toleranceSeconds } = settings;
    const key = JSON.stringify([secret, schemes, toleranceSeconds]);
    let server = servers.get(key);
    if (!server) {
      const signature = {
        ...(schemes && { schemes }),
        ...(toleranceSeconds !== undefined && { toleranceSeconds }),
      };
      server = await WebhookApp.start({
        adapter: adapter(),
        webhook: { secret, signature, idempotency: { store: forgetfulStore } },
        providers: [Recorder],
        logs,
      });
      servers.set(key, server);
    }
    reported = logs.lines.length;
    return server;
  };

  const send = async (
    server: WebhookApp,
    headers: HeaderLines,
    body: string | Uint8Array,
  ): Promise<RawAnswer> => {
    const connection = await RawConnection.open(server);
    await connection.send(rawPost(headers, body));
    const answer = await connection.answer();
    await connection.abort();
    return answer;
  };

  /** The codes with which a delivery was refused, as the log tells them. */
  const reasons = () =>
    logs.lines.slice(reported).map((line) => /^warn: \[default\] (\w+): /.exec(line)?.[1]);

  it.each(cases)('$name ($rule)', async ({ rawBody, headers, now, expect: verdict, ...settings }) => {
    const server = await serverFor(settings);
    const recorder = server.app.get(Recorder);
    const handled = recorder.events.length;
    vi.setSystemTime(now);

    const answer = await send(server, Object.entries(headers), rawBody);

    if ('rejected' in verdict) {
      expect(answer).toMatchObject(REFUSED);
      expect(reasons()).toEqual([verdict.rejected]);
      expect(recorder.events.length).toBe(handled);
      return;
    }
    const fault = envelopeError(rawBody);
    if (fault !== undefined) {
      expect(answer.status).toBe(400);
      expect(reasons()).toEqual([fault]);
      expect(recorder.events.length).toBe(handled);
      return;
    }
    expect(answer).toMatchObject({ status: 200, body: 'OK' });
    expect(reasons()).toEqual([]);
    expect(recorder.contexts.slice(handled)).toEqual([expect.objectContaining({ scheme: verdict.accepted })]);
  });

  describe('headers as only HTTP has them', () => {
    const body = '{"id":"evt_1","type":"user.created","data":{}}';
    const post = async (headers: HeaderLines) => {
      vi.setSystemTime(NOW);
      const server = await serverFor({ secret: SECRET });
      return { answer: await send(server, headers, body), reasons: reasons() };
    };
    const linesOf = (headers: Record<string, string>): HeaderLines => Object.entries(headers);

    it.each([
      ['webhook-id', standard({ body }), 'signature_mismatch'],
      ['webhook-timestamp', standard({ body }), 'malformed_header'],
      ['scalekit-signature', timestamped({ body }), 'malformed_header'],
      ['x-scalekit-signature', digest({ body }), 'malformed_header'],
    ] as [string, Record<string, string>, string][])(
      'are refused where %s comes twice',
      async (name, headers, code) => {
        const again: HeaderLines = [[name.toUpperCase(), headers[name] ?? '']];
        const { answer, reasons } = await post([...linesOf(headers), ...again]);
        expect(answer).toMatchObject(REFUSED);
        expect(reasons).toEqual([code]);
      },
    );

    it('are heard without the white space around them, which HTTP does not count', async () => {
      const headers = linesOf(standard({ body })).map(([name, value]) => [name, `\t ${value} \t`] as const);
      expect((await post(headers)).answer).toMatchObject({ status: 200, body: 'OK' });
    });

    it('are refused where a line is broken within a signature', async () => {
      const value = `t=${T},\r\n v1=${'0'.repeat(64)}`;
      expect((await post([['scalekit-signature', value]])).answer.status).toBe(400);
    });
  });
});
