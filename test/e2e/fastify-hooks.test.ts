import { PassThrough, type Readable, Transform } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { Body, Controller, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fastify, type FastifyRequest, type preParsingHookHandler } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, SECRET, WebhookApp } from '../support/webhook-app.js';

/** A hook that reads the whole body before it goes on. */
function whenRead(
  use: (request: FastifyRequest, bytes: Buffer) => Readable | undefined,
): preParsingHookHandler {
  return (request, _reply, payload, done) => {
    const chunks: Buffer[] = [];
    payload.on('data', (chunk: Buffer) => chunks.push(chunk));
    payload.on('end', () => {
      done(null, use(request, Buffer.concat(chunks)));
    });
  };
}

/** What the application's hooks do with bodies; the prefix "sealed:" stands for whatever they take off. */
const HOOKS: readonly { name: string; seal?: (body: string) => string; hook: preParsingHookHandler }[] = [
  {
    name: 'hands over another stream with the same bytes',
    hook: (_request, _reply, payload, done) => {
      done(null, payload.pipe(new PassThrough()));
    },
  },
  {
    name: 'hands over other bytes',
    seal: (body) => `sealed:${body}`,
    hook: (_request, _reply, payload, done) => {
      let isFirst = true;
      const open = new Transform({
        transform(chunk: Buffer, _encoding, callback) {
          callback(null, isFirst ? chunk.subarray('sealed:'.length) : chunk);
          isFirst = false;
        },
      });
      done(null, payload.pipe(open));
    },
  },
  {
    name: 'hands over a stream of strings',
    hook: whenRead((_request, bytes) => new PassThrough({ encoding: 'utf8' }).end(bytes)),
  },
  {
    name: 'listens to the bytes only',
    hook: (_request, _reply, payload, done) => {
      payload.on('data', () => undefined);
      done();
    },
  },
  {
    name: 'leaves the bytes in request.rawBody, and nothing in the stream',
    hook: whenRead((request, rawBody) => void Object.assign(request, { rawBody })),
  },
  {
    name: 'leaves a string in request.rawBody',
    hook: whenRead((request, bytes) => void Object.assign(request, { rawBody: bytes.toString() })),
  },
  {
    name: 'leaves the bytes in request.raw.rawBody',
    hook: whenRead(({ raw }, rawBody) => void Object.assign(raw, { rawBody })),
  },
];

describe('a preParsing hook of the application', () => {
  let server: WebhookApp;
  afterEach(() => server.close());

  @Controller()
  class Other {
    @Post('other')
    other(@Body() body: unknown): object {
      return { body };
    }
  }

  const start = async (hook: preParsingHookHandler, isThereFirst: boolean) => {
    const instance = fastify();
    if (isThereFirst) {
      instance.addHook('preParsing', hook);
    }
    server = await WebhookApp.start({
      adapter: new FastifyAdapter(instance as never),
      providers: [Recorder],
      controllers: [Other],
      configure: () => {
        if (!isThereFirst) {
          instance.addHook('preParsing', hook);
        }
      },
    });
  };

  describe.each([
    ['before create()', true],
    ['in main.ts', false],
  ])('added %s', (_, isThereFirst) => {
    it.each(HOOKS)('that $name', async ({ seal = (body: string) => body, hook }) => {
      await start(hook, isThereFirst);
      const event = { ...anEvent(), name: 'Zoë 漢字', padding: 'x'.repeat(200_000) };
      const body = JSON.stringify(event);
      const headers = signWebhook({ body, secret: SECRET });
      expect(await server.post(seal(body), { ...headers })).toMatchObject({ status: 200, body: 'OK' });
      expect(server.app.get(Recorder).events).toEqual([event]);
      expect((await server.post(seal(body), {})).status).toBe(401);
      const tooLarge = JSON.stringify({ ...event, padding: 'x'.repeat(1_048_576) });
      expect((await server.post(seal(tooLarge), {})).status).toBe(413);
    });
  });

  it('that fails is answered 400, and the next delivery is served', async () => {
    const gunzip: preParsingHookHandler = (request, _reply, payload, done) => {
      done(null, request.headers['x-packed'] ? payload.pipe(createGunzip()) : payload);
    };
    await start(gunzip, true);
    const body = JSON.stringify(anEvent());
    const headers = signWebhook({ body, secret: SECRET });
    expect((await server.post(body, { ...headers, 'x-packed': 'yes' })).status).toBe(400);
    expect((await server.post(gzipSync(body), { ...headers, 'x-packed': 'yes' })).status).toBe(200);
    expect(server.logs.matching(/^warn: \[default\] body_unreadable: .*incorrect header check/)).toHaveLength(
      1,
    );
  });

  it('that adds headers finds them on the request of the route', async () => {
    const rename: preParsingHookHandler = (request, _reply, payload, done) => {
      request.headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.replace('x-kept-', ''), value]),
      );
      done(null, payload);
    };
    await start(rename, true);
    const body = JSON.stringify(anEvent());
    const kept = Object.entries(signWebhook({ body, secret: SECRET })).map(([n, v]) => [`x-kept-${n}`, v]);
    expect((await server.post(body, Object.fromEntries(kept) as Record<string, string>)).status).toBe(200);
    expect(await server.post('{"a":1}', {}, '/other')).toMatchObject({ body: '{"body":{"a":1}}' });
  });
});
