import type { AddressInfo, Server } from 'node:net';
import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  HttpException,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  Post,
  SetMetadata,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  HttpAdapterHost,
  LazyModuleLoader,
  type NestApplication,
  Reflector,
  RouterModule,
} from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import compression from 'compression';
import express from 'express';
import helmet from 'helmet';
import { ClsModule, ClsService } from 'nestjs-cls';
import { LoggerModule } from 'nestjs-pino';
import { map } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, ScalekitWebhookModule, signWebhook } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

@Controller('other')
class OtherController {
  @Post()
  echo(@Body() body: unknown): unknown {
    return { echo: body };
  }
}

const Public = () => SetMetadata('isPublic', true);

@Injectable()
class DenyAll implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    return (
      this.reflector.getAllAndOverride<boolean | undefined>('isPublic', [
        context.getHandler(),
        context.getClass(),
      ]) ?? false
    );
  }
}

@Injectable()
class Wrap implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

/** What error trackers install: sees every exception, then answers as Nest would. */
@Catch()
@Injectable()
class CatchAll {
  readonly seen: unknown[] = [];
  constructor(private readonly host: HttpAdapterHost) {}
  catch(exception: unknown, host: ArgumentsHost): void {
    this.seen.push(exception);
    const known = exception instanceof HttpException;
    const { httpAdapter } = this.host;
    httpAdapter.reply(
      host.switchToHttp().getResponse(),
      known ? exception.getResponse() : { statusCode: 500, message: 'unknown' },
      known ? exception.getStatus() : 500,
    );
  }
}

@Injectable()
class Failing {
  @OnScalekitEvent('user.login')
  fail(): never {
    throw new Error('handler failed');
  }
}

@Injectable()
class Tracing {
  readonly traces: unknown[] = [];
  constructor(private readonly cls: ClsService) {}
  @OnScalekitEvent('*')
  note(): void {
    this.traces.push(this.cls.get('trace'));
  }
}

const PREFIXED = '/api/webhooks/scalekit';
const PLAIN = '/webhooks/scalekit';

interface Surroundings extends Omit<WebhookAppSetup, 'adapter'> {
  name: string;
  path?: string;
  handled?: string;
  duplicate?: string;
}

const SURROUNDINGS: readonly Surroundings[] = [
  { name: 'a global prefix', path: PREFIXED, configure: (app) => app.setGlobalPrefix('api') },
  {
    name: 'a global prefix that excludes the route',
    configure: (app) => app.setGlobalPrefix('api', { exclude: ['webhooks/scalekit'] }),
  },
  {
    name: 'a global prefix with a parameter',
    path: '/tenant-7/webhooks/scalekit',
    configure: (app) => app.setGlobalPrefix(':tenant'),
  },
  {
    name: 'URI versioning with a default version',
    configure: (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
  },
  {
    name: 'header versioning',
    configure: (app) =>
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version', defaultVersion: '1' }),
  },
  {
    name: 'media type versioning',
    configure: (app) =>
      app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' }),
  },
  {
    name: 'a global guard that denies all but public routes',
    webhook: { controllerDecorators: [Public()] },
    providers: [{ provide: APP_GUARD, useClass: DenyAll }],
  },
  {
    name: 'a throttler',
    imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 1_000 }])],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
  },
  {
    name: 'a global validation pipe that forbids what it does not know',
    providers: [
      {
        provide: APP_PIPE,
        useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
      },
    ],
  },
  {
    name: 'a global interceptor that wraps answers',
    providers: [{ provide: APP_INTERCEPTOR, useClass: Wrap }],
    handled: '{"data":"OK"}',
    duplicate: '{"data":"Already processed"}',
  },
  { name: 'a global catch-all filter', providers: [{ provide: APP_FILTER, useClass: CatchAll }] },
  { name: 'CORS', configure: (app) => app.enableCors() },
  { name: 'helmet', configure: (app) => app.use(helmet()) },
  { name: 'compression', configure: (app) => app.use(compression({ threshold: 0 })) },
  { name: 'rawBody: true', application: { rawBody: true } },
  { name: 'bodyParser: false', application: { bodyParser: false } },
  {
    name: 'a JSON parser limited to 1 kB',
    configure: (app) => {
      const isFastify = app.getHttpAdapter().getType() === 'fastify';
      (app as NestExpressApplication).useBodyParser(isFastify ? ('application/json' as 'json') : 'json', {
        limit: '1kb',
        bodyLimit: 1_024,
      } as object);
    },
  },
  {
    name: 'shutdown hooks',
    configure: (app) => app.enableShutdownHooks(),
  },
  { name: 'nestjs-cls', imports: [ClsModule.forRoot({ global: true, middleware: { mount: true } })] },
  { name: 'nestjs-pino', imports: [LoggerModule.forRoot({ pinoHttp: { level: 'silent' } })] },
];

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  let server: WebhookApp;
  afterEach(() => server.close());

  const start = (setup: Omit<WebhookAppSetup, 'adapter'>) =>
    WebhookApp.start({
      adapter: adapter(),
      ...setup,
      controllers: [OtherController],
      providers: [Recorder, ...(setup.providers ?? [])],
    });

  describe.each(SURROUNDINGS)(
    'with $name',
    ({ name: _name, path = PLAIN, handled = 'OK', duplicate = 'Already processed', ...setup }) => {
      it('an event is handled once, whatever its size, and a forgery is not', async () => {
        server = await start(setup);
        const tooLarge = await server.deliver(anEvent('user.created', { padding: 'x'.repeat(1_048_576) }), {
          path,
        });
        expect(tooLarge.status).toBe(413);
        const event = anEvent('user.created', { padding: 'x'.repeat(200_000) });
        expect(await server.deliver(event, { path })).toMatchObject({ status: 200, body: handled });
        expect(await server.deliver(event, { path })).toMatchObject({ status: 200, body: duplicate });
        const forged = await server.post(JSON.stringify(anEvent()), {}, path);
        expect(forged).toMatchObject({
          status: 401,
          body: '{"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}',
        });
        expect(server.app.get(Recorder).ids).toEqual([event.id]);
        expect(
          server.logs.matching(new RegExp(`POST .*${path === PLAIN || path === PREFIXED ? path : ''}`))
            .length,
        ).toBeGreaterThan(0);
      });
    },
  );

  it('a global guard that denies all keeps the route shut unless the controller is decorated', async () => {
    server = await start({ providers: [{ provide: APP_GUARD, useClass: DenyAll }] });
    expect((await server.deliver(anEvent())).status).toBe(403);
    expect(server.app.get(Recorder).ids).toEqual([]);
  });

  it('a throttler that is spent answers 429 and nothing is processed', async () => {
    server = await start({
      imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 1 }])],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    });
    const event = anEvent();
    expect((await server.deliver(event)).status).toBe(200);
    expect((await server.deliver(anEvent())).status).toBe(429);
    expect(server.app.get(Recorder).ids).toEqual([event.id]);
  });

  it('a catch-all filter sees refusals and failures as HTTP errors, with what the handler threw as their cause', async () => {
    const filter = new CatchAll({ httpAdapter: undefined } as never);
    server = await start({
      providers: [Failing],
      configure: (app) => {
        Object.assign(filter, { host: app.get(HttpAdapterHost) });
        app.useGlobalFilters(filter);
      },
    });
    await server.post('{}', {});
    await server.post('{}', { 'content-encoding': 'gzip' });
    await server.deliver(anEvent('user.login'));
    const statuses = filter.seen.map((error) => error instanceof HttpException && error.getStatus());
    expect(statuses).toEqual([401, 415, 500]);
    expect((filter.seen[2] as Error).cause).toMatchObject({ message: 'handler failed' });
  });

  it('a hybrid application with a microservice receives deliveries', async () => {
    server = await start({
      configure: (app) => {
        app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } });
      },
    });
    await server.app.startAllMicroservices();
    expect((await server.deliver(anEvent())).status).toBe(200);
  });

  it('RouterModule puts the route below the path of its module', async () => {
    const webhooks = ScalekitWebhookModule.forRoot({ secret: SECRET });
    @Module({ imports: [webhooks] })
    class Integrations {}
    server = await start({
      webhook: null,
      imports: [
        Integrations,
        RouterModule.register([
          {
            path: 'integrations',
            module: Integrations,
            children: [{ path: 'v2', module: ScalekitWebhookModule }],
          },
        ]),
      ],
    });
    expect(await server.deliver(anEvent(), { path: '/integrations/v2/webhooks/scalekit' })).toMatchObject({
      status: 200,
    });
    expect(server.logs.matching(/POST \/integrations\/v2\/webhooks\/scalekit/).length).toBeGreaterThan(0);
  });

  it('a lazily loaded module does not disturb, and its handlers are not heard', async () => {
    server = await start({});
    const lazy = new Recorder();
    @Module({ providers: [{ provide: 'LAZY', useValue: lazy }] })
    class Lazy {}
    await server.app.get(LazyModuleLoader).load(() => Lazy);
    expect((await server.deliver(anEvent())).status).toBe(200);
    expect(lazy.ids).toEqual([]);
    expect(server.app.get(Recorder).ids).toHaveLength(1);
  });

  it('handlers see the nestjs-cls store of the request that brought the event', async () => {
    server = await start({
      imports: [
        ClsModule.forRoot({
          global: true,
          middleware: {
            mount: true,
            setup: (cls) => {
              cls.set('trace', 'trace-1');
            },
          },
        }),
      ],
      providers: [Tracing],
    });
    await server.deliver(anEvent());
    expect(server.app.get(Tracing).traces).toEqual(['trace-1']);
  });

  it('a testing module replaces a handler class by a mock', async () => {
    server = await start({});
    const seen: unknown[] = [];
    class Mock {
      @OnScalekitEvent('*')
      take(event: object): void {
        seen.push(event);
      }
    }
    const testing = await Test.createTestingModule({
      imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })],
      providers: [Recorder],
    })
      .overrideProvider(Recorder)
      .useValue(new Mock())
      .setLogger(server.logs)
      .compile();
    const app = testing.createNestApplication<NestApplication>(adapter());
    await app.listen(0, '127.0.0.1');
    const event = anEvent();
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const body = JSON.stringify(event);
    const response = await fetch(`http://127.0.0.1:${port}/webhooks/scalekit`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...signWebhook({ body, secret: SECRET }) },
    });
    expect(response.status).toBe(200);
    expect(seen).toEqual([event]);
    await app.close();
  });
});

describe('on Express', () => {
  it('an own express.json() of the app does not get at the body', async () => {
    const configure = (app: INestApplication) => app.use(express.json({ limit: '10mb' }));
    const server = await WebhookApp.start({ providers: [Recorder], configure });
    expect((await server.deliver(anEvent())).status).toBe(200);
    await server.close();
  });
});
