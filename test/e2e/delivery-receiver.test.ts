import type { AddressInfo, Server } from 'node:net';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Global,
  HttpException,
  Injectable,
  Module,
  type NestInterceptor,
  Scope,
  SetMetadata,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { catchError, type Observable, tap, throwError } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  OnScalekitEvent,
  RetryLaterError,
  ScalekitSignatureGuard,
  ScalekitWebhookModule,
  signWebhook,
} from '../../lib/index.js';
import { Journal, makeEnhancers } from '../support/enhancers.js';
import { Recorder } from '../support/recorder.js';
import {
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
class Outcomes {
  @OnScalekitEvent('user.created')
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
}

type Setup = Omit<WebhookAppSetup, 'adapter'>;

const { Guard, Interceptor, Pipe, Filter } = makeEnhancers();
const scoped = makeEnhancers(Scope.REQUEST);

describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  const servers: WebhookApp[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  const start = async (setup: Setup) => {
    const server = await WebhookApp.start({
      adapter: adapter(),
      ...setup,
      imports: [JournalModule],
      providers: [Outcomes, ...(setup.providers ?? [])],
    });
    servers.push(server);
    return server;
  };

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

  it.each<{ name: string; setup: (interceptor: Type<NestInterceptor>) => Setup }>([
    {
      name: 'a decorated interceptor',
      setup: (interceptor) => ({ webhook: { controllerDecorators: [UseInterceptors(interceptor)] } }),
    },
    {
      name: 'a global interceptor',
      setup: (interceptor) => ({ providers: [{ provide: APP_INTERCEPTOR, useClass: interceptor }] }),
    },
  ])('$name stands around every authentic delivery: duplicates and failures, too', async ({ setup }) => {
    const seen: unknown[] = [];
    const server = await start(setup(watch(seen)));
    const created = anEvent();
    for (const event of [created, created, anEvent('user.login')]) {
      await server.deliver(event);
    }
    await server.post('{}', {});
    const route = 'ScalekitWebhookController.receive';
    expect(seen).toEqual([
      `${route} user.created`,
      'OK',
      `${route} user.created`,
      'Already processed',
      `${route} user.login`,
      500,
    ]);
  });

  it.each<{ name: string; setup: Setup; lines: string[] }>([
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

  it.each<{ name: string; setup: (filter: Type<ExceptionFilter>) => Setup }>([
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

  it('a guard that a testing module replaces lets nothing unverified through to the handlers', async () => {
    const testing = await Test.createTestingModule({
      imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })],
      providers: [Recorder],
    })
      .overrideGuard(ScalekitSignatureGuard)
      .useValue({ canActivate: () => true })
      .setLogger(new LogLines())
      .compile();
    const app = testing.createNestApplication<NestExpressApplication>(adapter());
    await app.listen(0, '127.0.0.1');
    try {
      const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
      const post = async (body: string, headers: object) => {
        const url = `http://127.0.0.1:${port}/webhooks/scalekit`;
        const { status } = await fetch(url, { method: 'POST', body, headers: { ...headers } });
        return status;
      };
      const genuine = anEvent();
      const body = JSON.stringify(genuine);
      expect(await post(JSON.stringify(anEvent()), {})).toBe(401);
      expect(await post(`${body} `, signWebhook({ body, secret: SECRET }))).toBe(401);
      expect(await post(body, signWebhook({ body, secret: SECRET }))).toBe(200);
      expect(app.get(Recorder).ids).toEqual([genuine.id]);
    } finally {
      await app.close();
    }
  });
});
