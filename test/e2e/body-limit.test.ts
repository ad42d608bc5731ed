import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { CHUNKED, chunk, LAST_CHUNK, postHead, RawConnection, rawPost } from '../support/raw-connection.js';
import { contentLength, eventOfSize, LIMIT, signed, UploadTarget } from '../support/upload-target.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

/** What is thrown away of a refused body at most, and what the server's socket may have read ahead. */
const DISCARDED = 16_777_216 + 262_144;
const TOO_LARGE =
  '{"statusCode":413,"message":"The body is larger than 4096 bytes (maxBodyBytes).","error":"Payload Too Large"}';

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let target: UploadTarget;
  let connection: RawConnection;
  beforeAll(async () => {
    target = await UploadTarget.start(adapter());
  });
  afterAll(() => target.close());
  beforeEach(async () => {
    connection = await target.connect();
  });
  afterEach(() => {
    vi.useRealTimers();
    return connection.abort();
  });

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
      await connection.send(postHead([...signed(''), ...contentLength(LIMIT + 1)]));
      expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
      await connection.abort();
      await target.expectNoTrace();
      const reason = /^warn: \[default\] body_too_large: The body is larger than 4096 bytes/;
      expect(target.server.logs.matching(reason)).not.toEqual([]);
    });

    it('is answered 413 at the first byte beyond, where it comes in chunks', async () => {
      const body = eventOfSize(LIMIT + 1);
      await connection.send(postHead([...signed(body), ...CHUNKED]), chunk(body.slice(0, LIMIT)), '1\r\n}');
      expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
      await connection.abort();
      await target.expectNoTrace();
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
      await connection.send(postHead([...signed(''), ...framing]));
      connection.sendForever(piece);
      expect(await connection.answer()).toMatchObject({ status: 413, body: TOO_LARGE });
      await connection.closed;
      expect(connection.server.bytesRead).toBeLessThan(LIMIT + DISCARDED);
      await target.expectNoTrace();
    });

    it('is not waited for either', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await connection.send(postHead([...signed(''), ...contentLength(LIMIT + 1)]), 'a');
      expect(await connection.answer()).toMatchObject({ status: 413 });
      vi.advanceTimersByTime(5_000);
      vi.useRealTimers();
      await connection.closed;
      await target.expectNoTrace();
    });
  });

  it('closes while a body that it refused still comes', async () => {
    const closing = await WebhookApp.start({
      adapter: adapter(),
      webhook: { maxBodyBytes: LIMIT },
      logs: target.server.logs,
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
    const roomy = await WebhookApp.start({ adapter: adapter(), logs: target.server.logs });
    try {
      const send = (body: string) => roomy.post(body, signWebhook({ body, secret: SECRET }));
      expect(await send(eventOfSize(1_048_576))).toMatchObject({ status: 200, body: 'OK' });
      expect(await send(eventOfSize(1_048_577))).toMatchObject({ status: 413 });
    } finally {
      await roomy.close();
    }
  });
});
