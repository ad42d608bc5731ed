import { Agent, request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import {
  CHUNKED,
  chunk,
  LAST_CHUNK,
  postHead,
  type RawConnection,
  rawPost,
} from '../support/raw-connection.js';
import { contentLength, eventOfSize, LIMIT, signed, UploadTarget } from '../support/upload-target.js';
import { anEvent, PLATFORMS, SECRET } from '../support/webhook-app.js';

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
  afterEach(() => connection.abort());

  describe('a delivery in pieces', () => {
    it('is taken byte by byte', async () => {
      const event = { ...anEvent(), name: 'Zoë 漢字 🎉' };
      const body = Buffer.from(JSON.stringify(event));
      await connection.send(
        postHead([...signed(body), ...contentLength(body.length)]),
        ...Array.from(body, (byte) => Uint8Array.of(byte)),
      );
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      expect(target.events.at(-1)).toEqual(event);
    });

    it('is taken in chunks of one byte', async () => {
      const event = { ...anEvent(), name: '漢字' };
      const body = Buffer.from(JSON.stringify(event));
      const chunks = Array.from(body, (byte) => chunk(Uint8Array.of(byte)));
      await connection.send(postHead([...signed(body), ...CHUNKED]), ...chunks, LAST_CHUNK);
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      expect(target.events.at(-1)).toEqual(event);
    });

    it('is taken cut within its head and within a character', async () => {
      const event = { ...anEvent(), name: '🎉' };
      const body = JSON.stringify(event);
      const request = rawPost(signed(body), body);
      const cuts = [9, request.indexOf('webhook-signature') + 5, request.indexOf('🎉') + 2];
      const pieces = [0, ...cuts].map((from, index) => request.subarray(from, cuts[index]));
      await connection.send(...pieces);
      expect(await connection.answer()).toMatchObject({ status: 200, body: 'OK' });
      expect(target.events.at(-1)).toEqual(event);
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
      await connection.send(...pieces);
      await connection.abort();
      await target.expectNoTrace();
    });

    it.each([
      ['in mid-body', [postHead([...signed(body), ...contentLength(1_000)]), half]],
      ['before the last chunk', [postHead([...signed(body), ...CHUNKED]), chunk(body)]],
    ])('leaves nothing behind when the sender closes its side only: %s', async (_, pieces) => {
      await connection.send(...pieces);
      connection.finish();
      await connection.closed;
      await target.expectNoTrace();
    });
  });

  describe('a false content-length', () => {
    it('ends a body early: what is left is not verified, and what follows is no request', async () => {
      const body = JSON.stringify(anEvent());
      await connection.send(
        postHead([...signed(body), ...contentLength(body.length - 1)]),
        body.slice(0, -1),
      );
      expect(await connection.answer()).toMatchObject({ status: 401 });
      await connection.send(body.slice(-1));
      expect(await connection.answer()).toMatchObject({ status: 400 });
      await connection.closed;
      await target.expectNoTrace();
    });

    it.each(['-1', '1e2', '0x10', '+5', '5, 6', 'many'])('is no request at all: %s', async (length) => {
      await connection.send(postHead([...signed('{}'), ['Content-Length', length]]));
      expect(await connection.answer()).toMatchObject({ status: 400 });
      await connection.closed;
      await target.expectNoTrace();
    });

    it('is no request at all beside chunks', async () => {
      const body = JSON.stringify(anEvent());
      await connection.send(postHead([...signed(body), ...CHUNKED, ...contentLength(body.length)]));
      expect(await connection.answer()).toMatchObject({ status: 400 });
      await connection.closed;
      await target.expectNoTrace();
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
        const request = httpRequest(`${target.server.url}/webhooks/scalekit`, {
          method: 'POST',
          agent,
          headers,
        });
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
