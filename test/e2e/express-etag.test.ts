import { Controller, Post } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { Recorder } from '../support/recorder.js';
import { anEvent, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

/** Answers what the webhook route answers, and Express does all of it by itself. */
@Controller()
class Plain {
  @Post('plain/ok')
  ok(): string {
    return 'OK';
  }

  @Post('plain/processed')
  processed(): string {
    return 'Already processed';
  }
}

describe('the ETag on Express', () => {
  let server: WebhookApp;
  afterEach(() => server.close());

  const start = async (configure?: WebhookAppSetup['configure']) => {
    server = await WebhookApp.start({
      controllers: [Plain],
      providers: [Recorder],
      ...(configure && { configure }),
    });
  };
  const etagOf = async (path: string) => (await server.post('{}', {}, path)).headers.get('etag');
  const etagsOf = async (event: object) => {
    const first = await server.deliver(event);
    const again = await server.deliver(event);
    return [first.headers.get('etag'), again.headers.get('etag')];
  };
  const use = (setting: unknown) => server.app.set('etag', setting);

  it.each([
    ['by default', undefined],
    ['weak', 'weak'],
    ['strong', 'strong'],
    ['switched on', true],
    ['switched off', false],
    ['of its own', (body: Buffer) => `"own-${body.length}"`],
  ])('is what Express makes of the text: %s', async (_name, setting) => {
    await start((app) => setting !== undefined && (app as NestExpressApplication).set('etag', setting));
    const plain = [await etagOf('/plain/ok'), await etagOf('/plain/processed')];
    expect(await etagsOf(anEvent())).toEqual(plain);
    expect(await etagsOf(anEvent())).toEqual(plain);
    expect(plain[0] === null).toBe(setting === false);
  });

  it('follows a setting that changes', async () => {
    await start();
    for (const setting of ['weak', 'strong', false, 'weak']) {
      use(setting);
      expect(await etagsOf(anEvent())).toEqual([await etagOf('/plain/ok'), await etagOf('/plain/processed')]);
    }
  });

  it('asks a function of the app for each answer', async () => {
    let calls = 0;
    await start((app) => (app as NestExpressApplication).set('etag', () => `"${++calls}"`));
    expect(await etagsOf(anEvent())).toEqual(['"1"', '"2"']);
  });

  it('stays the one that somebody has set', async () => {
    await start((app) =>
      app.use((_request: Request, response: Response, next: NextFunction) => {
        response.setHeader('ETag', '"mine"');
        next();
      }),
    );
    expect(await etagsOf(anEvent())).toEqual(['"mine"', '"mine"']);
  });

  it('comes with a refusal, too', async () => {
    await start();
    const refusals = await Promise.all([1, 2, 3].map(() => server.post('{}', {})));
    const [etag] = refusals.map(({ headers }) => headers.get('etag'));
    expect(etag).toMatch(/^W\/".+"$/);
    for (const { status, headers } of refusals) {
      expect(status).toBe(401);
      expect(headers.get('etag')).toBe(etag);
      expect(headers.get('content-length')).toBe(refusals[0]?.headers.get('content-length'));
    }
  });
});
