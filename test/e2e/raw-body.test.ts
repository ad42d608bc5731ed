import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Body, Controller, Get, Post, Put, type RawBodyRequest, Req } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import {
  CHUNKED,
  type HeaderLines,
  LAST_CHUNK,
  postHead,
  RawConnection,
  rawPost,
} from '../support/raw-connection.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

@Controller()
class OtherRoutes {
  @Post(['other', 'api/webhooks/scalekit', 'webhooks/scalekit/other', 'webhooks'])
  post(@Body() body: unknown, @Req() request: RawBodyRequest<object>): object {
    return { body, rawBody: request.rawBody?.toString() };
  }

  @Put('webhooks/scalekit')
  put(@Body() body: unknown): object {
    return { body };
  }

  @Get('webhooks/scalekit')
  get(): string {
    return 'Webhooks go here';
  }
}

const signed = (body: string | Uint8Array): HeaderLines =>
  Object.entries(signWebhook({ body, secret: SECRET }));

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  describe.each([{}, { rawBody: true }, { bodyParser: false }, { rawBody: true, bodyParser: false }])(
    'in an application created with %o',
    (application) => {
      let server: WebhookApp;
      let bare: WebhookApp;
      beforeAll(async () => {
        const setup = () => ({ adapter: adapter(), application, controllers: [OtherRoutes] });
        server = await WebhookApp.start({ ...setup(), providers: [Recorder] });
        bare = await WebhookApp.start({ ...setup(), webhook: null });
      });
      afterAll(async () => {
        await server.close();
        await bare.close();
      });

      it('takes a delivery', async () => {
        const event = anEvent();
        expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
        expect(server.app.get(Recorder).events.at(-1)).toEqual(event);
      });

      it.each(['/other', '/api/webhooks/scalekit', '/webhooks/scalekit/other', '/webhooks'])(
        'leaves the body of POST %s as it is in an application without the module',
        async (path) => {
          const { status, body } = await server.post('{"a": 1}', {}, path);
          expect({ status, body }).toMatchObject({ status: 201 });
          expect(body).toBe((await bare.post('{"a": 1}', {}, path)).body);
        },
      );
    },
  );

  describe('in an application with other routes', () => {
    let server: WebhookApp;
    let recorder: Recorder;
    beforeAll(async () => {
      server = await WebhookApp.start({
        adapter: adapter(),
        providers: [Recorder],
        controllers: [OtherRoutes],
      });
      recorder = server.app.get(Recorder);
    });
    afterAll(() => server.close());

    /** Sends a request with exactly these headers, the signature's aside. */
    const send = async (request: string | Uint8Array, ...more: Uint8Array[]) => {
      const connection = await RawConnection.open(server);
      await connection.send(request, ...more);
      const answer = await connection.answer();
      await connection.abort();
      return answer;
    };

    it('leaves other bodies to the parser of Nest', async () => {
      expect(await server.post('{"a": 1}', {}, '/other')).toMatchObject({ body: '{"body":{"a":1}}' });
    });

    it('leaves the other methods of its own path alone', async () => {
      const url = `${server.url}/webhooks/scalekit`;
      expect(await (await fetch(url)).text()).toBe('Webhooks go here');
      const headers = { 'content-type': 'application/json' };
      const put = await fetch(url, { method: 'PUT', headers, body: '{"a": 1}' });
      expect(await put.json()).toEqual({ body: { a: 1 } });
    });

    it.each([
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'text/html; charset=latin1',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'no type at all',
      '',
    ])('takes a delivery whose content-type is "%s"', async (contentType) => {
      const event = anEvent();
      const body = JSON.stringify({ ...event, data: { name: 'Zoë 漢字' } });
      const answer = await send(rawPost([...signed(body), ['Content-Type', contentType]], body));
      expect(answer).toMatchObject({ status: 200, body: 'OK' });
      expect(recorder.events.at(-1)).toEqual(JSON.parse(body));
    });

    it('takes a delivery without a content-type', async () => {
      const event = anEvent();
      const body = JSON.stringify(event);
      expect(await send(rawPost(signed(body), body))).toMatchObject({ status: 200, body: 'OK' });
      expect(recorder.events.at(-1)).toEqual(event);
    });

    it.each([
      ['white space around and between', (json: string) => `\r\n\t ${json.replaceAll(':', ' : ')} \n\n`],
      ['escapes where none are needed', (json: string) => json.replace('user', '\\u0075ser')],
      ['a name that comes twice', (json: string) => json.replace('{', '{"id":"other",')],
      ['a byte order mark', (json: string) => `\uFEFF${json}`],
    ])('verifies and hands on the very bytes: %s', async (_, rewrite) => {
      const event = anEvent();
      const body = rewrite(JSON.stringify(event));
      expect(await send(rawPost(signed(body), body))).toMatchObject({ status: 200, body: 'OK' });
      expect(recorder.events.at(-1)).toEqual(event);
      expect(Buffer.from(recorder.contexts.at(-1)?.rawBody ?? []).toString()).toBe(body);
    });

    it('verifies bytes that are no text before it looks at them', async () => {
      const body = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
      expect(await send(rawPost(signed(body), body))).toMatchObject({
        status: 400,
        body: '{"statusCode":400,"message":"The body is not valid UTF-8.","error":"Bad Request"}',
      });
    });

    describe.each([
      ['Content-Length: 0', (headers: HeaderLines) => rawPost(headers, '')],
      ['no framing', (headers: HeaderLines) => Buffer.from(postHead(headers))],
      [
        'no chunk but the last',
        (headers: HeaderLines) =>
          Buffer.concat([Buffer.from(postHead([...headers, ...CHUNKED])), LAST_CHUNK]),
      ],
    ])('given an empty body with %s', (_, request) => {
      it('answers 400 if it is signed', async () => {
        const answer = await send(request(signed('')));
        expect(answer.status).toBe(400);
        expect(answer.body).toContain('The body is empty');
      });

      it('answers 401 if it is not', async () => {
        expect(await send(request([]))).toMatchObject({ status: 401 });
      });
    });

    const compress: Record<string, (body: string) => Uint8Array> = {
      gzip: gzipSync,
      br: brotliCompressSync,
      deflate: deflateSync,
    };

    it.each([
      'gzip',
      'GZIP',
      'br',
      'deflate',
      'identity,gzip',
      'gzip, identity',
      'identity, identity',
      'x-own',
      '*',
    ])('answers 415 to a correctly signed delivery with content-encoding: %s', async (encoding) => {
      const event = anEvent();
      const body = compress[encoding]?.(JSON.stringify(event)) ?? JSON.stringify(event);
      const answer = await send(rawPost([...signed(body), ['Content-Encoding', encoding]], body));
      expect(answer).toMatchObject({
        status: 415,
        body: '{"statusCode":415,"message":"Only an identity content-encoding is accepted.","error":"Unsupported Media Type"}',
      });
      expect(recorder.ids).not.toContain(event.id);
    });

    it('answers 415 to a second content-encoding header after identity', async () => {
      const body = JSON.stringify(anEvent());
      const encodings: HeaderLines = [
        ['Content-Encoding', 'identity'],
        ['content-encoding', 'gzip'],
      ];
      expect(await send(rawPost([...signed(body), ...encodings], body))).toMatchObject({ status: 415 });
    });

    it.each(['identity', 'Identity', 'IDENTITY', '  identity  '])(
      'takes a delivery with content-encoding: %s',
      async (encoding) => {
        const body = JSON.stringify(anEvent());
        const answer = await send(rawPost([...signed(body), ['Content-Encoding', encoding]], body));
        expect(answer).toMatchObject({ status: 200, body: 'OK' });
      },
    );
  });

  it.each([
    ['/api/v1/webhooks/scalekit', 'api/v1', undefined],
    ['/hooks/from.scalekit', undefined, 'hooks/from.scalekit'],
    ['/api/hooks', '/api/', '/hooks/'],
  ])('takes deliveries at %s for the global prefix %o and the path %o', async (url, prefix, path) => {
    const server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { ...(path !== undefined && { path }) },
      providers: [Recorder],
      configure: (app) => prefix !== undefined && app.setGlobalPrefix(prefix),
    });
    try {
      const event = anEvent();
      expect(await server.deliver(event, { path: `${url}?source=scalekit` })).toMatchObject({ status: 200 });
      expect(server.app.get(Recorder).events).toEqual([event]);
      expect((await server.deliver(anEvent())).status).toBe(404);
    } finally {
      await server.close();
    }
  });
});
