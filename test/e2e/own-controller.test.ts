import {
  Body,
  ConflictException,
  Controller,
  HttpCode,
  Injectable,
  Module,
  Post,
  Req,
  UseGuards,
  UseInterceptors,
  Version,
  VersioningType,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ScalekitEnvelope,
  ScalekitIdempotencyInterceptor,
  ScalekitSignatureGuard,
  ScalekitWebhookModule,
  signWebhook,
} from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { RecordingStore } from '../support/recording-store.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

/** What controllers of the user's own do with an event. */
@Injectable()
class Inbox {
  readonly events: unknown[] = [];
  failure: Error | undefined;

  take(event: unknown): string {
    this.events.push(event);
    if (this.failure) {
      throw this.failure;
    }
    return 'Thanks';
  }
}

@Controller('guarded-class')
@UseGuards(ScalekitSignatureGuard)
@UseInterceptors(ScalekitIdempotencyInterceptor)
class GuardedClass {
  constructor(private readonly inbox: Inbox) {}

  @Post()
  @HttpCode(200)
  receive(@Body() event: ScalekitEnvelope): string {
    return this.inbox.take(event);
  }
}

@Controller()
class GuardedMethods {
  constructor(private readonly inbox: Inbox) {}

  @Post(['guarded-method', 'tenants/:tenant/events'])
  @HttpCode(200)
  @UseGuards(ScalekitSignatureGuard)
  @UseInterceptors(ScalekitIdempotencyInterceptor)
  receive(@Body() event: ScalekitEnvelope): Promise<string> {
    return Promise.resolve(this.inbox.take(event));
  }

  @Post('versioned')
  @Version('1')
  @HttpCode(200)
  @UseGuards(ScalekitSignatureGuard)
  @UseInterceptors(ScalekitIdempotencyInterceptor)
  versioned(@Req() { body }: { body: ScalekitEnvelope }): string {
    return this.inbox.take(body);
  }

  @Post('guard-only')
  @HttpCode(200)
  @UseGuards(ScalekitSignatureGuard)
  guardOnly(@Body('id') id: string): string {
    return this.inbox.take(id);
  }

  @Post('interceptor-only')
  @UseInterceptors(ScalekitIdempotencyInterceptor)
  interceptorOnly(@Body() event: ScalekitEnvelope): string {
    return this.inbox.take(event);
  }

  @Post('unguarded')
  unguarded(@Body() body: unknown): object {
    return { body };
  }
}

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let store: RecordingStore;
  let inbox: Inbox;
  afterEach(() => server.close());

  describe('a controller of the user', () => {
    beforeEach(async () => {
      store = new RecordingStore();
      server = await WebhookApp.start({
        adapter: adapter(),
        webhook: { idempotency: { store } },
        providers: [Inbox, Recorder],
        controllers: [GuardedClass, GuardedMethods],
        configure: (app) => app.enableVersioning({ type: VersioningType.URI }),
      });
      inbox = server.app.get(Inbox);
    });

    describe.each(['/guarded-class', '/guarded-method', '/tenants/acme/events', '/v1/versioned'])(
      'with guard and interceptor at %s',
      (path) => {
        it('gets the verified event, once', async () => {
          const event = { ...anEvent(), name: 'Zoë' };
          expect(await server.deliver(event, { path })).toMatchObject({ status: 200, body: 'Thanks' });
          expect(await server.deliver(event, { path })).toMatchObject({
            status: 200,
            body: 'Already processed',
          });
          expect(inbox.events).toEqual([event]);
          expect(Object.isFrozen(inbox.events[0])).toBe(true);
          expect(server.app.get(Recorder).events).toEqual([]);
        });

        it('gets the event again after it threw', async () => {
          const event = anEvent();
          inbox.failure = new Error('out of order');
          expect((await server.deliver(event, { path })).status).toBe(500);
          inbox.failure = new ConflictException('not now');
          expect(await server.deliver(event, { path })).toMatchObject({
            status: 409,
            body: '{"message":"not now","error":"Conflict","statusCode":409}',
          });
          inbox.failure = undefined;
          expect(await server.deliver(event, { path })).toMatchObject({ status: 200, body: 'Thanks' });
          expect(inbox.events).toEqual([event, event, event]);
        });

        it('gets nothing that is not signed, and nothing that is no event', async () => {
          const body = JSON.stringify(anEvent());
          expect((await server.post(body, {}, path)).status).toBe(401);
          expect((await server.post(`${body} `, signWebhook({ body, secret: SECRET }), path)).status).toBe(
            401,
          );
          expect((await server.deliver([], { path })).status).toBe(400);
          expect((await server.deliver({ ...anEvent(), fill: '.'.repeat(2 ** 20) }, { path })).status).toBe(
            413,
          );
          const encoded = { ...signWebhook({ body, secret: SECRET }), 'content-encoding': 'gzip' };
          expect((await server.post(body, encoded, path)).status).toBe(415);
          expect(inbox.events).toEqual([]);
          expect(store.callCount).toBe(0);
        });
      },
    );

    it('gets an event each time it comes, with the guard alone', async () => {
      const event = anEvent();
      expect((await server.deliver(event, { path: '/guard-only' })).status).toBe(200);
      expect((await server.deliver(event, { path: '/guard-only' })).status).toBe(200);
      expect(inbox.events).toEqual([event.id, event.id]);
      expect(store.callCount).toBe(0);
    });

    it('processes nothing with the interceptor alone, and is told what is missing', async () => {
      expect(await server.deliver(anEvent(), { path: '/interceptor-only' })).toMatchObject({
        status: 500,
        body: '{"statusCode":500,"message":"Internal server error"}',
      });
      expect(inbox.events).toEqual([]);
      expect(store.callCount).toBe(0);
      expect(server.logs.matching(/GuardedMethods.*Add @UseGuards\(ScalekitSignatureGuard\)/)).toHaveLength(
        1,
      );
    });

    it('gets parsed bodies on its other routes', async () => {
      expect((await server.post('{"a": 1}', {}, '/unguarded')).body).toBe('{"body":{"a":1}}');
    });
  });

  it('verifies with the secret of the endpoint that its module imports', async () => {
    const otherSecret = 'whsec_b3RoZXIgc2VjcmV0IG9mIDMyIGJ5dGVzIGF0IGxlYXN0';
    const endpointOf = (name: string, secret: string, controller: typeof GuardedClass) => {
      @Module({
        imports: [ScalekitWebhookModule.forRoot({ name, path: `hooks/${name}`, secret })],
        providers: [Inbox],
        controllers: [controller],
      })
      class FeatureModule {}
      return FeatureModule;
    };
    @Controller('other')
    class Other extends GuardedClass {}

    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: null,
      imports: [endpointOf('first', SECRET, GuardedClass), endpointOf('second', otherSecret, Other)],
    });
    const statuses: number[] = [];
    for (const path of ['/guarded-class', '/other']) {
      for (const secret of [SECRET, otherSecret]) {
        statuses.push((await server.deliver(anEvent(), { path, secret })).status);
      }
    }
    expect(statuses).toEqual([200, 401, 401, 200]);
  });
});
