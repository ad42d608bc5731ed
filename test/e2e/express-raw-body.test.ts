import zlib from 'node:zlib';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Post,
  UseGuards,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type RequestHandler } from 'express';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ScalekitSignatureGuard, signWebhook } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

@Controller()
class OtherRoutes {
  @Post('echo')
  echo(@Body() body: unknown): object {
    return { body };
  }

  @Post('tenants/:tenant/events')
  @UseGuards(ScalekitSignatureGuard)
  ofTenant(): string {
    return 'OK';
  }
}

@Catch()
class Teapot implements ExceptionFilter {
  catch(exception: Error, host: ArgumentsHost): void {
    const response: express.Response = host.switchToHttp().getResponse();
    response.status(418).send(exception.message);
  }
}

describe('on Express', () => {
  let server: WebhookApp;
  afterEach(() => server.close());

  const start = async (setup: WebhookAppSetup = {}) => {
    server = await WebhookApp.start({ providers: [Recorder], controllers: [OtherRoutes], ...setup });
  };
  /** On an Express application that has middlewares already when Nest gets it. */
  const startBehind = async (middleware: RequestHandler, setup: WebhookAppSetup = {}) => {
    await start({ adapter: new ExpressAdapter(express().use(middleware)), ...setup });
  };
  const keepRawBody = express.json({
    verify: (request, _, bytes) => {
      Object.assign(request, { rawBody: bytes });
    },
  });

  describe('behind a parser that was there before Nest', () => {
    it('answers 500 where it left an object only, and logs once what to change', async () => {
      await startBehind(express.json());
      const booted = server.logs.lines.length;
      expect(await server.deliver(anEvent())).toMatchObject({
        status: 500,
        body: '{"statusCode":500,"message":"Internal Server Error","error":"Internal Server Error"}',
      });
      expect(server.app.get(Recorder).events).toEqual([]);
      expect(server.logs.lines.slice(booted)).toEqual([
        expect.stringMatching(
          /^warn: \[default\] raw_body_lost: .*remove that parser.*verify:.*express\.raw/,
        ),
      ]);
    });

    it.each([
      ['keeps the bytes in request.rawBody', keepRawBody],
      ['leaves a Buffer', express.raw({ type: '*/*' })],
      ['leaves a string', express.text({ type: '*/*' })],
      ['leaves other content types alone', express.json({ type: 'application/vnd.api+json' })],
    ])('takes a delivery where it %s', async (_, parser) => {
      await startBehind(parser);
      const event = { ...anEvent(), name: 'Zoë 漢字' };
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(server.app.get(Recorder).events).toEqual([event]);
      expect((await server.post(JSON.stringify(event), {})).status).toBe(401);
    });

    it.each([
      ['keeps the bytes in request.rawBody', keepRawBody],
      ['leaves a Buffer', express.raw({ type: '*/*' })],
    ])('answers 415 to a compressed delivery where it %s', async (_, parser) => {
      await startBehind(parser);
      const body = JSON.stringify(anEvent());
      const headers = { ...signWebhook({ body, secret: SECRET }), 'content-encoding': 'gzip' };
      expect((await server.post(zlib.gzipSync(body), headers)).status).toBe(415);
      expect(server.app.get(Recorder).events).toEqual([]);
    });

    it('answers 413 where it took more than maxBodyBytes', async () => {
      await startBehind(express.raw({ type: '*/*' }), { webhook: { maxBodyBytes: 20 } });
      expect((await server.deliver(anEvent())).status).toBe(413);
      expect(server.app.get(Recorder).events).toEqual([]);
    });
  });

  it('takes a delivery whatever parsers are added after create()', async () => {
    await start({ configure: (app) => app.use(express.json(), express.text({ type: '*/*' })) });
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
  });

  it('never inflates a compressed delivery', async () => {
    const inflaters = (['createGunzip', 'createInflate', 'createBrotliDecompress'] as const).map((name) =>
      vi.spyOn(zlib, name),
    );
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const callCount = () => inflaters.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    await start();
    const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));

    const headers = signWebhook({ body: bomb, secret: SECRET });
    expect((await server.post(bomb, { ...headers, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await server.post(bomb, headers)).status).toBe(400);
    expect(callCount()).toBe(0);

    const json = zlib.gzipSync('{"a":1}');
    const echo = await server.post(json, { 'content-encoding': 'gzip' }, '/echo');
    expect(echo.body).toBe('{"body":{"a":1}}');
    expect(callCount()).toBe(1);
  });

  it.each(['/webhooks/scalekit/', '/WEBHOOKS/Scalekit', '/Webhooks/scalekit/?a=b'])(
    'takes a delivery at %s, which Express routes alike',
    async (path) => {
      await start();
      expect(await server.deliver(anEvent(), { path })).toMatchObject({ status: 200, body: 'OK' });
    },
  );

  it.each(['/webhooks/scalekit/', '/WEBHOOKS/Scalekit', '//webhooks/scalekit', '/webhooks/scaleki%74'])(
    'takes no delivery at %s where Express is told to be strict',
    async (path) => {
      const strict = express().enable('strict routing').enable('case sensitive routing');
      await start({ adapter: new ExpressAdapter(strict) });
      expect((await server.deliver(anEvent(), { path })).status).toBe(404);
      expect((await server.deliver(anEvent())).status).toBe(200);
      expect(server.app.get(Recorder).events.length).toBe(1);
    },
  );

  it('answers 400 to a path that can not be decoded', async () => {
    await start();
    expect((await server.deliver(anEvent(), { path: '/tenants/%zz/events' })).status).toBe(400);
    expect(server.logs.matching(/^error/)).toEqual([]);
  });

  it('shows its refusals to exception filters of the application', async () => {
    await start({
      webhook: { maxBodyBytes: 20 },
      configure: (app) => app.useGlobalFilters(new Teapot()),
    });
    const { status, body } = await server.deliver(anEvent());
    expect([status, body]).toEqual([418, 'The body is larger than 20 bytes (maxBodyBytes).']);
  });
});
