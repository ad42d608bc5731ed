import { type CanActivate, type ExecutionContext, type INestApplication, Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import express, { type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

interface WithBody {
  readonly body: { readonly tenant?: string };
}

const seen: unknown[] = [];

/** Takes for granted that each request has a body. */
@Injectable()
class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { body } = context.switchToHttp().getRequest<WithBody>();
    seen.push(body);
    return body.tenant !== 'blocked';
  }
}

describe('what looks at request.body before the signature is verified', () => {
  let server: WebhookApp;
  afterEach(async () => {
    seen.length = 0;
    await server.close();
  });

  it.each(PLATFORMS)(
    'finds the bytes, as of express.raw(): a global guard on $platform',
    async ({ adapter }) => {
      server = await WebhookApp.start({
        adapter: adapter(),
        providers: [Recorder, { provide: APP_GUARD, useClass: TenantGuard }],
      });
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect((await server.post('{"tenant":"blocked"}', {})).status).toBe(401);
      expect(seen).toEqual([Buffer.from(JSON.stringify(event)), Buffer.from('{"tenant":"blocked"}')]);
      expect(server.app.get(Recorder).events).toEqual([event]);
    },
  );

  it.each<[string, (app: INestApplication) => unknown]>([
    ['alone', (app) => app],
    ['behind express.json()', (app) => app.use(express.json())],
    [
      'behind a parser in a wrapper',
      (app) => app.use(((...args) => express.json()(...args)) as RequestHandler),
    ],
  ])('finds the bytes, as of express.raw(): a middleware of main.ts, %s', async (_, parse) => {
    const look: RequestHandler = (request, _response, next) => {
      seen.push((request as WithBody).body.tenant, Buffer.isBuffer(request.body));
      next();
    };
    server = await WebhookApp.start({
      providers: [Recorder],
      configure: (app) => {
        parse(app);
        app.use('/webhooks', look);
      },
    });
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
    expect(seen).toEqual([undefined, true]);
  });

  it('may read the whole request once more, on Express', async () => {
    const bodies: string[] = [];
    const readAll: RequestHandler = (request, _response, next) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        bodies.push(text);
        next();
      });
    };
    server = await WebhookApp.start({ configure: (app) => app.use(readAll) });
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(bodies).toEqual([JSON.stringify(event)]);
  });
});
