import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express, { type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { ScalekitWebhookModule, signWebhook } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, LogLines, PLATFORMS, SECRET } from '../support/webhook-app.js';

/** Cloud Functions parse the body and leave its bytes in `rawBody`. */
const keepsBytes = express.json({
  verify: (request, _response, bytes) => Object.assign(request, { rawBody: bytes }),
});

const AS_BYTES: readonly { left: string; outer: RequestHandler }[] = [
  { left: 'a Buffer in req.rawBody beside a parsed req.body', outer: keepsBytes },
  { left: 'a Buffer in req.body', outer: express.raw({ type: '*/*' }) },
  { left: 'a string in req.body', outer: express.text({ type: '*/*' }) },
];

@Module({ imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })], providers: [Recorder] })
class AppModule {}

interface FastifyLike {
  readonly server: Server;
  ready(): Promise<unknown>;
}

/** Nest's own instance, as a function for requests that something before it has read. */
async function listenerOf(app: INestApplication): Promise<RequestListener> {
  const instance: unknown = app.getHttpAdapter().getInstance();
  if (app.getHttpAdapter().getType() === 'express') {
    return instance as RequestListener;
  }
  const fastify = instance as FastifyLike;
  await fastify.ready();
  return (request, response) => fastify.server.emit('request', request, response);
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let app: INestApplication;
  let outer: Server;
  let logs: LogLines;
  afterEach(async () => {
    await app.close();
    await new Promise((resolve) => outer.close(resolve));
  });

  const start = async (before: RequestHandler, application: object = {}) => {
    logs = new LogLines();
    app = await NestFactory.create(AppModule, adapter(), {
      logger: logs,
      abortOnError: false,
      ...application,
    });
    await app.init();
    outer = createServer(express().use(before, (await listenerOf(app)) as RequestHandler));
    await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve));
  };

  const post = async (body: string, headers: object) => {
    const { port } = outer.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/webhooks/scalekit`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    });
    return { status: response.status, body: await response.text() };
  };
  const deliver = (event: object) => {
    const body = JSON.stringify(event);
    return post(body, signWebhook({ body, secret: SECRET }));
  };

  describe.each(AS_BYTES)('where the platform left $left', ({ outer: before }) => {
    it.each([{}, { rawBody: true }, { bodyParser: false }])(
      'an event is handled once and a forgery is not, in an application created with %o',
      async (application) => {
        await start(before, application);
        const event = anEvent('user.created', { data: { name: 'Zoë 漢字' } });
        expect(await deliver(event)).toEqual({ status: 200, body: 'OK' });
        expect(await deliver(event)).toEqual({ status: 200, body: 'Already processed' });
        expect((await post(JSON.stringify(anEvent()), {})).status).toBe(401);
        expect(app.get(Recorder).events).toEqual([event]);
      },
    );
  });

  it.each([{}, { rawBody: true }, { bodyParser: false }])(
    'where it left a parsed object alone, the log says what to change, and the answer does not; created with %o',
    async (application) => {
      await start(express.json(), application);
      const booted = logs.lines.length;
      expect(await deliver(anEvent())).toEqual({
        status: 500,
        body: '{"statusCode":500,"message":"Internal Server Error","error":"Internal Server Error"}',
      });
      expect(logs.lines.slice(booted)).toEqual([
        expect.stringMatching(
          /^warn: .*raw_body_lost: .*remove that parser for the webhook path.*request\.rawBody.*verify:.*express\.raw/,
        ),
      ]);
      expect(app.get(Recorder).ids).toEqual([]);
    },
  );
});
