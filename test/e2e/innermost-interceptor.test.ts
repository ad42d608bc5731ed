import type { AddressInfo, Server } from 'node:net';
import {
  type ArgumentsHost,
  Catch,
  Global,
  HttpException,
  Injectable,
  Module,
  type NestInterceptor,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type Type,
  SetMetadata,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { catchError, type Observable, tap, throwError } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  ScalekitIdempotencyInterceptor,
  ScalekitWebhookModule,
  signWebhook,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { ScalekitWebhookController } from '../../lib/receive/scalekit-webhook.controller.js';
import { Journal, makeEnhancers } from '../support/enhancers.js';
import {
  type Answer,
  anEvent,
  LogLines,
  PLATFORMS,
  SECRET,
  WebhookApp,
  type WebhookAppSetup,
} from '../support/webhook-app.js';

@Global()
@Module({ providers: [Journal], exports: [Journal] })
class JournalModule {}

@Injectable()
class PassOn implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Injectable()
class Outcomes {
  @OnScalekitEvent(['user.created', 'user.updated'])
  handle(): void {
    return;
  }

  @OnScalekitEvent('user.login')
  fail(): never {
    throw new Error('no');
  }

  @OnScalekitEvent('user.logout')
  later(): never {
    throw new RetryLaterError(30);
  }

  @OnScalekitEvent('user.deleted')
  giveUp(): never {
    throw new UnrecoverableEventError('no use');
  }
}

/** What Nest reads when it makes a route. */
function interceptorsOfRoute(server: Pick<WebhookApp, 'app'>): unknown {
  const controllers = [...server.app.get(ModulesContainer).values()].flatMap((module) => [
    ...module.controllers.values(),
  ]);
  const instance = controllers
    .map((wrapper) => wrapper.instance)
    .find((controller) => controller instanceof ScalekitWebhookController);
  return instance && Reflect.getMetadata('__interceptors__', instance.constructor);
}

const { Guard, Interceptor, Pipe, Filter } = makeEnhancers();
const scoped = makeEnhancers(Scope.REQUEST);

function signed(event: object): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify(event);
  return { body, headers: { ...signWebhook({ body, secret: SECRET }) } };
}

const visible = ({ status, body, headers }: Answer) => ({
  status,
  body,
  headers: Object.fromEntries([...headers].filter(([name]) => name !== 'date')),
});

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  const servers: WebhookApp[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  const start = async (setup: Omit<WebhookAppSetup, 'adapter'>) => {
    const server = await WebhookApp.start({
      adapter: adapter(),
      ...setup,
      imports: [JournalModule],
      providers: [Outcomes, ...(setup.providers ?? [])],
    });
    servers.push(server);
    return server;
  };

  it('every answer is the same, to the byte, whether Nest calls the interceptor or the controller does', async () => {
    const direct = await start({});
    const usual = await start({ webhook: { controllerDecorators: [UseInterceptors(PassOn)] } });
    expect(interceptorsOfRoute(direct)).toEqual([]);
    expect(interceptorsOfRoute(usual)).toHaveLength(2);

    const handled = signed(anEvent());
    const deliveries = [
      handled,
      handled,
      signed({ ...(JSON.parse(handled.body) as object), again: true }),
      ...['user.updated', 'user.login', 'user.logout', 'user.deleted', 'nobody.listens'].map((type) =>
        signed(anEvent(type)),
      ),
      { ...handled, body: `${handled.body} ` },
      { ...handled, headers: {} },
      { ...handled, headers: { ...handled.headers, 'content-encoding': 'gzip' } },
      signed({ id: 'no type' }),
      signed(anEvent('user.created', { padding: 'x'.repeat(1_100_000) })),
    ];
    const statuses = [];
    for (const { body, headers } of deliveries) {
      const answer = visible(await direct.post(body, headers));
      expect(answer).toEqual(visible(await usual.post(body, headers)));
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 500, 503, 200, 200, 401, 401, 415, 400, 413]);
  });

  it('global interceptors see what they always saw, in the same order', async () => {
    const watch = (seen: unknown[]): Type<NestInterceptor> => {
      @Injectable()
      class Watch implements NestInterceptor {
        intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
          const { body } = context.switchToHttp().getRequest<{ body: { type: string } }>();
          seen.push(`${context.getClass().name}.${context.getHandler().name} ${body.type}`);
          return next.handle().pipe(
            tap((value) => seen.push(value)),
            catchError((error: HttpException) => {
              seen.push(error.getStatus());
              return throwError(() => error);
            }),
          );
        }
      }
      return Watch;
    };
    const seen: unknown[][] = [[], []];
    const [direct, usual] = await Promise.all(
      [[], [UseInterceptors(PassOn)]].map((controllerDecorators, index) =>
        start({
          webhook: { controllerDecorators },
          providers: [{ provide: APP_INTERCEPTOR, useClass: watch(seen[index] ?? []) }],
        }),
      ),
    );
    const login = anEvent('user.login');
    const created = anEvent();
    for (const server of [direct, usual]) {
      for (const event of [created, created, login]) {
        await server?.deliver(event);
      }
    }
    expect(direct && interceptorsOfRoute(direct)).toEqual([]);
    const route = 'ScalekitWebhookController.receive';
    expect(seen[0]).toEqual([
      `${route} user.created`,
      'OK',
      `${route} user.created`,
      'Already processed',
      `${route} user.login`,
      500,
    ]);
    expect(seen[1]).toEqual(seen[0]);
  });

  it.each<{ name: string; setup: Omit<WebhookAppSetup, 'adapter'>; lines: string[] }>([
    {
      name: 'enhancers by APP_ tokens',
      setup: {
        providers: [
          { provide: APP_GUARD, useClass: Guard },
          { provide: APP_INTERCEPTOR, useClass: Interceptor },
          { provide: APP_PIPE, useClass: Pipe },
          { provide: APP_FILTER, useClass: Filter },
        ],
      },
      lines: ['guard', 'before', 'after'],
    },
    {
      name: 'enhancers by useGlobal…()',
      setup: {
        configure: (app) => {
          const journal = app.get(Journal);
          app.useGlobalGuards(new Guard(journal));
          app.useGlobalInterceptors(new Interceptor(journal));
          app.useGlobalPipes(new Pipe(journal));
        },
      },
      lines: ['guard', 'before', 'after'],
    },
    {
      name: 'request-scoped global enhancers',
      setup: {
        providers: [
          { provide: APP_GUARD, useClass: scoped.Guard },
          { provide: APP_INTERCEPTOR, useClass: scoped.Interceptor },
        ],
      },
      lines: ['guard', 'before', 'after'],
    },
    {
      name: 'a decorated guard, pipe, filter and metadata',
      setup: {
        webhook: {
          controllerDecorators: [
            UseGuards(Guard),
            UsePipes(Pipe),
            UseFilters(Filter),
            SetMetadata('isPublic', true),
          ],
        },
      },
      lines: ['guard'],
    },
    {
      name: 'a decorated interceptor',
      setup: { webhook: { controllerDecorators: [UseInterceptors(Interceptor)] } },
      lines: ['before', 'after'],
    },
    {
      name: 'a request-scoped decorated guard',
      setup: { webhook: { controllerDecorators: [UseGuards(scoped.Guard)] } },
      lines: ['guard'],
    },
  ])('$name run for a delivery', async ({ setup, lines }) => {
    const server = await start(setup);
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    const ran = server.app.get(Journal).lines;
    expect(ran.map((line) => line.split(' ')[0])).toEqual(lines);
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'Already processed' });
  });

  it.each<{ name: string; setup: (filter: Type<ExceptionFilter>) => Omit<WebhookAppSetup, 'adapter'> }>([
    {
      name: 'a decorated filter',
      setup: (filter) => ({ webhook: { controllerDecorators: [UseFilters(filter)] } }),
    },
    {
      name: 'a filter by APP_FILTER',
      setup: (filter) => ({ providers: [{ provide: APP_FILTER, useClass: filter }] }),
    },
    {
      name: 'a filter by useGlobalFilters()',
      setup: (filter) => ({ configure: (app) => app.useGlobalFilters(new filter()) }),
    },
  ])('$name is given the errors of guard and handlers, and answers them', async ({ setup }) => {
    const seen: number[] = [];
    @Catch(HttpException)
    class Note implements ExceptionFilter {
      catch(error: HttpException, host: ArgumentsHost): void {
        seen.push(error.getStatus());
        const response = host
          .switchToHttp()
          .getResponse<{ status(code: number): { send(body: string): void } }>();
        response.status(error.getStatus()).send('noted');
      }
    }
    const server = await start(setup(Note));
    expect(interceptorsOfRoute(server)).toEqual([]);
    const answers = [
      await server.post('{}', {}),
      await server.deliver(anEvent('user.login')),
      await server.deliver(anEvent('user.logout')),
      await server.deliver(anEvent()),
    ];
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual([
      '401 noted',
      '500 noted',
      '503 noted',
      '200 OK',
    ]);
    expect(answers[2]?.headers.get('retry-after')).toBe('30');
    expect(seen).toEqual([401, 500, 503]);
  });

  it('a testing module replaces the interceptor', async () => {
    let calls = 0;
    @Injectable()
    class Counting extends ScalekitIdempotencyInterceptor {
      override intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
        calls++;
        return super.intercept(context, next);
      }
    }
    const testing = await Test.createTestingModule({
      imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })],
      providers: [Outcomes],
    })
      .overrideInterceptor(ScalekitIdempotencyInterceptor)
      .useClass(Counting)
      .setLogger(new LogLines())
      .compile();
    const app = testing.createNestApplication<NestExpressApplication>(adapter());
    await app.listen(0, '127.0.0.1');
    try {
      expect(interceptorsOfRoute({ app })).toEqual([ScalekitIdempotencyInterceptor]);
      const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/webhooks/scalekit`, {
        method: 'POST',
        ...signed(anEvent()),
      });
      expect(response.status).toBe(200);
      expect(calls).toBe(1);
    } finally {
      await app.close();
    }
  });

  it('Nest calls an interceptor whose class has been instrumented', async () => {
    const { prototype } = ScalekitIdempotencyInterceptor;
    const original = Object.getOwnPropertyDescriptor(prototype, 'intercept') ?? {};
    let calls = 0;
    Object.defineProperty(prototype, 'intercept', {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: unknown[]): unknown {
        calls++;
        return Reflect.apply(original.value as (...args: unknown[]) => unknown, this, args);
      },
    });
    try {
      const server = await start({});
      expect((await server.deliver(anEvent())).status).toBe(200);
      expect(calls).toBe(1);
    } finally {
      Object.defineProperty(prototype, 'intercept', original);
    }
  });
});
