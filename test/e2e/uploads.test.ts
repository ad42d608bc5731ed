import { Agent, type Server, request as httpRequest } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import {
  CHUNKED,
  chunk,
  type HeaderLines,
  LAST_CHUNK,
  postHead,
  RawConnection,
  rawPost,
} from '../support/raw-connection.js';
import { Recorder } from '../support/recorder.js';
import { RecordingStore } from '../support/recording-store.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const LIMIT = 4_096;
/** What is thrown away of a refused body at most, and what the server's socket may have read ahead. */
const DISCARDED = 16_777_216 + 262_144;
const TOO_LARGE =
  '{"statusCode":413,"message":"The body is larger than 4096 bytes (maxBodyBytes).","error":"Payload Too Large"}';

const signed = (body: string | Uint8Array): HeaderLines =>
  Object.entries(signWebhook({ body, secret: SECRET }));
const contentLength = (bytes: number): HeaderLines => [['Content-Length', String(bytes)]];

function eventOfSize(bytes: number): string {
  const event = { ...anEvent(), padding: '' };
  return JSON.stringify({ ...event, padding: '.'.repeat(bytes - JSON.stringify(event).length) });
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let store: RecordingStore;
  let recorder: Recorder;
  let connection: RawConnection;
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', onUnhandled);
    store = new RecordingStore();
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { maxBodyBytes: LIMIT, idempotency: { store } },
      providers: [Recorder],
    });
    recorder = server.app.get(Recorder);
  });
  afterAll(async () => {
    process.off('unhandledRejection', onUnhandled);
    await server.close();
  });
  beforeEach(async () => {
    connection = await RawConnection.open(server);
  });
  afterEach(() => connection.abort());

  /** That what was sent left no trace, not even a connection, and the next delivery is served. */
  const expectNothingHappened = async (before: { calls: number; handled: number }) => {
    expect(store.callCount).toBe(before.calls);
    expect(recorder.events.length).toBe(before.handled);
    expect(server.logs.matching(/^error/)).toEqual([]);
    expect(await countConnections()).toBe(0);

    const body = JSON.stringify(anEvent());
    const next = await RawConnection.open(server);
    await next.send(rawPost(signed(body), body));
    expect(await next.answer()).toMatchObject({ status: 200, body: 'OK' });
    await next.abort();
    expect(unhandled).toEqual([]);
  };
  const countConnections = () => {
    const http: Server = server.app.getHttpServer();
    return promisify(http.getConnections.bind(http))();
  };
  const now = () => ({ calls: store.callCount, handled: recorder.events.length });

  describe('a body at the limit', () => {
    it('is taken with a content-length', async () => {
      const body = eventOfSize(LIMIT);
      await connection.send(rawPost(signed(body), body));
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
    });

    it('is taken in chunks', async () => {
      const body = eventOfSize(LIMIT);
      await connection.send(
        postHead([...signed(body), ...CHUNKED]),
        chunk(body.slice(0, 4_000)),
        chunk(body.slice(4_000)),
        LAST_CHUNK,
      );
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
    });
  });

  describe('a body over the limit', () => {
    it('is answered 413 before any of it is sent, where a content-length announces it', async () => {
      const before = now();
      await connection.send(postHead([...signed(''), ...contentLength(LIMIT + 1)]));
      expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
      await connection.abort();
      await expectNothingHappened(before);
      const reason = /^warn: \[default\] body_too_large: The body is larger than 4096 bytes/;
      expect(server.logs.matching(reason)).not.toEqual([]);
    });

    it('is answered 413 at the first byte beyond, where it comes in chunks', async () => {
      const before = now();
      const body = eventOfSize(LIMIT + 1);
      await connection.send(postHead([...signed(body), ...CHUNKED]), chunk(body.slice(0, LIMIT)), '1\r\n}');
      expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
      await connection.abort();
      await expectNothingHappened(before);
    });

    it.each([
      ['in chunks', CHUNKED, [chunk(Buffer.alloc(8_000_000)), LAST_CHUNK]],
      ['with a content-length', contentLength(8_000_000), [Buffer.alloc(8_000_000)]],
    ])(
      'is heard to its end if that is near, so that the sender gets its 413: sent %s',
      async (_, framing, body) => {
        await connection.send(postHead([...signed(''), ...framing]), ...body);
        expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
        const next = JSON.stringify(anEvent());
        await connection.send(rawPost(signed(next), next));
        expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      },
    );

    it.each([
      ['in chunks', CHUNKED, chunk(Buffer.alloc(16_384))],
      ['under a content-length of a terabyte', contentLength(1e12), Buffer.alloc(16_384)],
    ])('is not heard for ever, sent %s', async (_, framing, piece) => {
      const before = now();
      await connection.send(postHead([...signed(''), ...framing]));
      connection.sendForever(piece);
      expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
      await connection.closed;
      expect(connection.server.bytesRead).toBeLessThan(LIMIT + DISCARDED);
      await expectNothingHappened(before);
    });

    it('is not waited for either', async () => {
      const before = now();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await connection.send(postHead([...signed(''), ...contentLength(LIMIT + 1)]), 'a');
      expect(await connection.answer()).toMatchObject({ status: 413 });
      vi.advanceTimersByTime(5_000);
      vi.useRealTimers();
      await connection.closed;
      await expectNothingHappened(before);
    });
  });

  it('closes while a body that it refused still comes', async () => {
    const closing = await WebhookApp.start({
      adapter: adapter(),
      webhook: { maxBodyBytes: LIMIT },
      logs: server.logs,
      configure: (app) => {
        (app.getHttpServer() as Server).keepAliveTimeout = 0;
      },
    });
    const sender = await RawConnection.open(closing);
    await sender.send(postHead(contentLength(LIMIT + 1)), Buffer.alloc(LIMIT));
    expect((await sender.answer()).status).toBe(413);

    const closed = closing.close();
    while (closing.app.getHttpServer().listening) {
      await nextTurn();
    }
    await sender.send(Buffer.alloc(1));
    await sender.closed;
    await closed;
  });

  it('takes 1 MiB where no limit is set, and not a byte more', async () => {
    const roomy = await WebhookApp.start({ adapter: adapter(), logs: server.logs });
    try {
      const send = (body: string) => roomy.post(body, signWebhook({ body, secret: SECRET }));
      expect(await send(eventOfSize(1_048_576))).toMatchObject({ status: 200, body: 'OK' });
      expect(await send(eventOfSize(1_048_577))).toMatchObject({ status: 413 });
    } finally {
      await roomy.close();
    }
  });

  describe('a delivery in pieces', () => {
    it('is taken byte by byte', async () => {
      const event = { ...anEvent(), name: 'Zoë 漢字 🎉' };
      const body = Buffer.from(JSON.stringify(event));
      await connection.send(
        postHead([...signed(body), ...contentLength(body.length)]),
        ...Array.from(body, (byte) => Uint8Array.of(byte)),
      );
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      expect(recorder.events.at(-1)).toEqual(event);
    });

    it('is taken in chunks of one byte', async () => {
      const event = { ...anEvent(), name: '漢字' };
      const body = Buffer.from(JSON.stringify(event));
      const chunks = Array.from(body, (byte) => chunk(Uint8Array.of(byte)));
      await connection.send(postHead([...signed(body), ...CHUNKED]), ...chunks, LAST_CHUNK);
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      expect(recorder.events.at(-1)).toEqual(event);
    });

    it('is taken cut within its head and within a character', async () => {
      const event = { ...anEvent(), name: '🎉' };
      const body = JSON.stringify(event);
      const request = rawPost(signed(body), body);
      const cuts = [9, request.indexOf('webhook-signature') + 5, request.indexOf('🎉') + 2];
      const pieces = [0, ...cuts].map((from, index) => request.subarray(from, cuts[index]));
      await connection.send(...pieces);
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      expect(recorder.events.at(-1)).toEqual(event);
    });
  });

  describe('an upload that is given up', () => {
    const body = eventOfSize(1_000);
    const half = body.slice(0, 500);

    it.each([
      ['after the head', [postHead([...signed(body), ...contentLength(1_000)])]],
      ['in mid-body', [postHead([...signed(body), ...contentLength(1_000)]), half]],
      ['one byte before its end', [postHead([...signed(body), ...contentLength(1_000)]), body.slice(0, 999)]],
      ['before the first chunk', [postHead([...signed(body), ...CHUNKED])]],
      ['within a chunk', [postHead([...signed(body), ...CHUNKED]), chunk(body).subarray(0, 300)]],
      ['before the last chunk', [postHead([...signed(body), ...CHUNKED]), chunk(body)]],
    ])('leaves nothing behind: %s', async (_, pieces) => {
      const before = now();
      await connection.send(...pieces);
      await connection.abort();
      await expectNothingHappened(before);
    });

    it.each([
      ['in mid-body', [postHead([...signed(body), ...contentLength(1_000)]), half]],
      ['before the last chunk', [postHead([...signed(body), ...CHUNKED]), chunk(body)]],
    ])('leaves nothing behind when the sender closes its side only: %s', async (_, pieces) => {
      const before = now();
      await connection.send(...pieces);
      connection.finish();
      await connection.closed;
      await expectNothingHappened(before);
    });
  });

  describe('a false content-length', () => {
    it('ends a body early: what is left is not verified, and what follows is no request', async () => {
      const before = now();
      const body = JSON.stringify(anEvent());
      await connection.send(
        postHead([...signed(body), ...contentLength(body.length - 1)]),
        body.slice(0, -1),
      );
      expect(await connection.answer()).toMatchObject({ status: 401 });
      await connection.send(body.slice(-1));
      expect(await connection.answer()).toMatchObject({ status: 400 });
      await connection.closed;
      await expectNothingHappened(before);
    });

    it.each(['-1', '1e2', '0x10', '+5', '5, 6', 'many'])('is no request at all: %s', async (length) => {
      const before = now();
      await connection.send(postHead([...signed('{}'), ['Content-Length', length]]));
      expect(await connection.answer()).toMatchObject({ status: 400 });
      await connection.closed;
      await expectNothingHappened(before);
    });

    it('is no request at all beside chunks', async () => {
      const before = now();
      const body = JSON.stringify(anEvent());
      await connection.send(postHead([...signed(body), ...CHUNKED, ...contentLength(body.length)]));
      expect(await connection.answer()).toMatchObject({ status: 400 });
      await connection.closed;
      await expectNothingHappened(before);
    });
  });

  describe('Expect: 100-continue', () => {
    it('is answered, and then the delivery', async () => {
      const body = JSON.stringify(anEvent());
      await connection.send(
        postHead([...signed(body), ...contentLength(body.length), ['Expect', '100-continue']]),
      );
      expect(await connection.answer()).toMatchObject({ status: 100 });
      await connection.send(body);
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
    });

    it('ends in 413 for a body over the limit', async () => {
      await connection.send(postHead([...contentLength(LIMIT + 1), ['Expect', '100-continue']]));
      expect(await connection.answer()).toMatchObject({ status: 100 });
      expect(await connection.answer()).toMatchObject({ status: 413 });
    });
  });

  describe('one connection', () => {
    it('serves several deliveries, after a 401 as well', async () => {
      const body = JSON.stringify(anEvent());
      const statuses: number[] = [];
      for (const headers of [signed(body), signed('another'), signed(body)]) {
        await connection.send(rawPost(headers, body));
        statuses.push((await connection.answer()).status);
      }
      expect(statuses).toEqual([200, 401, 200]);
      expect(connection.isOpen).toBe(true);
    });

    it('answers pipelined deliveries in their order', async () => {
      const [first, second, third] = [anEvent(), anEvent(), anEvent()].map((event) => JSON.stringify(event));
      await connection.send(
        Buffer.concat([
          rawPost(signed(first ?? ''), first ?? ''),
          rawPost(signed('another'), second ?? ''),
          rawPost(signed(third ?? ''), third ?? ''),
        ]),
      );
      const answers = await connection.answers(3);
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 200]);
    });

    it('serves on after a 413 and a 415', async () => {
      const good = JSON.stringify(anEvent());
      const large = eventOfSize(LIMIT + 1);
      await connection.send(
        Buffer.concat([
          rawPost(signed(large), large),
          rawPost([...signed(good), ['Content-Encoding', 'gzip']], good),
          rawPost(signed(good), good),
        ]),
      );
      const answers = await connection.answers(3);
      expect(answers.map(({ status }) => status)).toEqual([413, 415, 200]);
    });
  });

  it('serves a client that keeps connections alive, whatever it was answered before', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (body: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const request = httpRequest(`${server.url}/webhooks/scalekit`, { method: 'POST', agent, headers });
        request.on('error', reject).on('response', (response) => {
          response.resume().on('end', () => {
            resolve(response.statusCode);
          });
        });
        request.end(body);
      });
    const large = eventOfSize(LIMIT + 1);
    try {
      for (const [status, body, headers] of [
        [413, large, { 'content-length': String(large.length) }],
        [413, large, { 'transfer-encoding': 'chunked' }],
        [415, large, { 'content-encoding': 'gzip' }],
        [401, '{}', {}],
        [400, '{}', signWebhook({ body: '{}', secret: SECRET })],
      ] as const) {
        expect(await send(body, headers)).toBe(status);
        const good = JSON.stringify(anEvent());
        expect(await send(good, signWebhook({ body: good, secret: SECRET }))).toBe(200);
      }
    } finally {
      agent.destroy();
    }
  });
});
