import { request as httpRequest } from 'node:http';
import {
  All,
  Body,
  Controller,
  Delete,
  HttpCode,
  type MiddlewareConsumer,
  Module,
  Patch,
  Post,
  Put,
  RequestMethod,
  UseGuards,
  Version,
  VersioningType,
  type VersioningOptions,
} from '@nestjs/common';
import express, { type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { type ScalekitEnvelope, ScalekitSignatureGuard, signWebhook } from '../../lib/index.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

/** Answers that show which route ran, and with what body. */
const guarded = (event: ScalekitEnvelope) => ({ event: event.id });
const parsed = (body: unknown) => ({ parsed: body });

describe('the route that runs decides whether a body is parsed', () => {
  let server: WebhookApp;
  afterEach(() => server.close());

  const start = async (setup: WebhookAppSetup) => {
    server = await WebhookApp.start(setup);
  };

  const send = (path: string, body: string, headers: Record<string, string>, method = 'POST') =>
    new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
      const length = String(Buffer.byteLength(body));
      const request = httpRequest(`${server.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', 'content-length': length, ...headers },
      });
      request.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode, body: JSON.parse(text) as unknown });
        });
      });
      request.end(body);
    });

  /** A delivery handled by a guarded route, a forgery refused there. */
  const expectGuarded = async (path: string, headers = {}, method?: string) => {
    const event = anEvent();
    const body = JSON.stringify(event);
    const signed = { ...signWebhook({ body, secret: SECRET }), ...headers };
    expect(await send(path, body, signed, method)).toEqual({ status: 200, body: { event: event.id } });
    expect(await send(path, body, headers, method)).toMatchObject({ status: 401 });
    expect(await send(path, '{"not json', headers, method)).toMatchObject({ status: 401 });
  };

  /** The parser of Nest has parsed the body, and refuses what it can't parse. */
  const expectParsed = async (path: string, headers = {}, method?: string) => {
    const body = '{"a":"Zoë"}';
    expect(await send(path, body, headers, method)).toEqual({ status: 200, body: { parsed: { a: 'Zoë' } } });
    expect(await send(path, '{"not json', headers, method)).toMatchObject({ status: 400 });
  };

  describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
    it('beside a route with a parameter', async () => {
      @Controller('mixed')
      class Mixed {
        @Post('ping')
        @HttpCode(200)
        ping(@Body() body: unknown): object {
          return parsed(body);
        }

        @Post(':tenant')
        @HttpCode(200)
        @UseGuards(ScalekitSignatureGuard)
        ofTenant(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @Post(':tenant/pong')
        @HttpCode(200)
        pong(@Body() body: unknown): object {
          return parsed(body);
        }
      }
      await start({ adapter: adapter(), controllers: [Mixed] });
      await expectParsed('/mixed/ping');
      await expectParsed('/mixed/acme/pong');
      await expectGuarded('/mixed/acme');
    });

    @Controller()
    class Guarded {
      @Post('versioned')
      @Version('2')
      @HttpCode(200)
      @UseGuards(ScalekitSignatureGuard)
      receive(@Body() event: ScalekitEnvelope): object {
        return guarded(event);
      }
    }
    @Controller()
    class Open {
      @Post('versioned')
      @Version(['1', '3'])
      @HttpCode(200)
      receive(@Body() body: unknown): object {
        return parsed(body);
      }
    }
    const VERSIONINGS: readonly [VersioningOptions, (version: string) => [string, object]][] = [
      [{ type: VersioningType.URI }, (version) => [`/v${version}/versioned`, {}]],
      [
        { type: VersioningType.HEADER, header: 'X-Version' },
        (version) => ['/versioned', { 'x-version': version }],
      ],
      [
        { type: VersioningType.MEDIA_TYPE, key: 'v=' },
        (version) => ['/versioned', { accept: `application/json;v=${version}` }],
      ],
      [
        {
          type: VersioningType.CUSTOM,
          extractor: (request) => String((request as { headers: Record<string, string> }).headers['x-mine']),
        },
        (version) => ['/versioned', { 'x-mine': version }],
      ],
    ];
    describe.each(VERSIONINGS)('in versions by %o', (options, ask) => {
      it.each([{ controllers: [Guarded, Open] }, { controllers: [Open, Guarded] }])(
        'registered as $controllers',
        async ({ controllers }) => {
          await start({
            adapter: adapter(),
            controllers,
            configure: (app) => app.enableVersioning(options),
          });
          await expectGuarded(...ask('2'));
          await expectParsed(...ask('1'));
          await expectParsed(...ask('3'));
        },
      );
    });

    it('where two controllers inherit it, and only one is guarded', async () => {
      class Base {
        @Post('events')
        @HttpCode(200)
        receive(@Body() body: ScalekitEnvelope): object {
          return Object.isFrozen(body) ? guarded(body) : parsed(body);
        }
      }
      @Controller('guarded')
      @UseGuards(ScalekitSignatureGuard)
      class Guarded extends Base {}
      @Controller('open')
      class Open extends Base {}
      await start({ adapter: adapter(), controllers: [Open, Guarded] });
      await expectGuarded('/guarded/events');
      await expectParsed('/open/events');
    });

    it('whatever its method', async () => {
      const UseScalekit = () => UseGuards(ScalekitSignatureGuard);
      @Controller('any')
      class AnyMethod {
        @Put('put')
        @UseScalekit()
        put(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @Patch('patch')
        @UseScalekit()
        patch(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @Delete('delete')
        @UseScalekit()
        delete(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @All('all')
        @UseScalekit()
        all(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @Put('all/other')
        put2(@Body() body: unknown): object {
          return parsed(body);
        }

        @Put('by-method')
        openPut(@Body() body: unknown): object {
          return parsed(body);
        }

        @Post('by-method')
        @HttpCode(200)
        @UseScalekit()
        guardedPost(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }
      }
      await start({ adapter: adapter(), controllers: [AnyMethod] });
      await expectGuarded('/any/put', {}, 'PUT');
      await expectGuarded('/any/patch', {}, 'PATCH');
      await expectGuarded('/any/delete', {}, 'DELETE');
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        await expectGuarded('/any/all', {}, method);
      }
      await expectParsed('/any/all/other', {}, 'PUT');
      await expectParsed('/any/by-method', {}, 'PUT');
      await expectGuarded('/any/by-method');
    });

    it('where something wraps the handlers of all routes', async () => {
      type Post = (path: string, handler: (...args: unknown[]) => unknown) => unknown;
      const wrapping = adapter();
      const post = wrapping.post.bind(wrapping) as Post;
      Object.assign(wrapping, {
        post: (path: string, handler: (...args: unknown[]) => unknown) =>
          post(path, (...args) => handler(...args)),
      });
      await start({ adapter: wrapping });
      expect((await server.deliver(anEvent())).status).toBe(200);
      expect(server.logs.matching(/POST \/webhooks\/scalekit/)).toHaveLength(1);
    });

    it('and boot warns of an endpoint without a route', async () => {
      type Post = (path: string, handler: (...args: unknown[]) => unknown) => unknown;
      await start({
        adapter: adapter(),
        configure: (app) => {
          const router = app.getHttpAdapter();
          const post = router.post.bind(router) as Post;
          Object.assign(router, {
            post: (path: string, handler: (...args: unknown[]) => unknown) =>
              post(path, (...args) => handler(...args)),
          });
        },
      });
      expect(server.logs.matching(/^warn: \[default\] .*no HTTP route.*adapter/)).toHaveLength(1);
    });
  });

  describe('on Express, where one path has a route for each host', () => {
    const controllers = (host: string | RegExp | (string | RegExp)[]) => {
      @Controller({ path: 'hosted', host })
      class Guarded {
        @Post()
        @HttpCode(200)
        @UseGuards(ScalekitSignatureGuard)
        receive(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }
      }
      @Controller({ path: 'hosted', host: 'open.example.com' })
      class Open {
        @Post()
        @HttpCode(200)
        receive(@Body() body: unknown): object {
          return parsed(body);
        }
      }
      return [Guarded, Open];
    };

    it.each([
      ['hooks.example.com', 'hooks.example.com'],
      ['hooks.example.com', 'HOOKS.example.COM'],
      [':tenant.hooks.example.com', 'acme.hooks.example.com'],
      ['{eu.}hooks.example.com', 'eu.hooks.example.com'],
      ['{eu.}hooks.example.com', 'hooks.example.com'],
      ['*any.hooks.example.com', 'a.b.hooks.example.com'],
      [/^h.*\.example\.com$/, 'hooks.example.com'],
      [['a.example.com', 'b.example.com'], 'b.example.com'],
    ])('%s, asked for %s', async (host, name) => {
      await start({ controllers: controllers(host) });
      await expectGuarded('/hosted', { host: name });
      await expectParsed('/hosted', { host: 'open.example.com' });
      expect(await send('/hosted', '{}', { host: 'hooksxexample.com' })).toMatchObject({ status: 404 });
    });

    it('in either order', async () => {
      await start({ controllers: controllers('hooks.example.com').reverse() });
      await expectGuarded('/hosted', { host: 'hooks.example.com' });
      await expectParsed('/hosted', { host: 'open.example.com' });
    });
  });

  describe('on Express, behind a middleware that changes the URL', () => {
    @Controller()
    class Other {
      @Post('other')
      @HttpCode(200)
      other(@Body() body: unknown): object {
        return parsed(body);
      }

      @Post(':tenant')
      @HttpCode(200)
      @UseGuards(ScalekitSignatureGuard)
      ofTenant(@Body() event: ScalekitEnvelope): object {
        return guarded(event);
      }
    }
    const rewrites: Record<string, string> = { '/deep/legacy': '/tenant', '/legacy': '/other' };
    const rewrite: RequestHandler = (request, _response, next) => {
      request.url = rewrites[request.url] ?? request.url;
      next();
    };

    it.each([{}, { rawBody: true }])('in an application created with %o', async (application) => {
      await start({ application, controllers: [Other], configure: (app) => app.use(rewrite) });
      await expectGuarded('/deep/legacy');
      await expectParsed('/legacy');
    });

    it('that is given to Express itself', async () => {
      await start({
        controllers: [Other],
        configure: (app) => (app.getHttpAdapter().getInstance() as express.Express).use(rewrite),
      });
      await expectGuarded('/deep/legacy');
      await expectParsed('/legacy');
    });

    describe('and that a module registers, after the body parsers', () => {
      @Module({})
      class Rewriting {
        configure(consumer: MiddlewareConsumer): void {
          consumer.apply(rewrite).forRoutes({ path: 'deep/legacy', method: RequestMethod.POST });
        }
      }

      it.each([{ rawBody: true }, { bodyParser: false }])('with %o', async (application) => {
        await start({ application, controllers: [Other], imports: [Rewriting] });
        const path = '/deep/legacy';
        expect(await server.deliver(anEvent(), { path })).toMatchObject({ status: 200 });
        expect(await server.post('{}', {}, path)).toMatchObject({ status: 401 });
      });

      it('is told what to set', async () => {
        await start({ controllers: [Other], imports: [Rewriting] });
        expect((await server.deliver(anEvent(), { path: '/deep/legacy' })).status).toBe(500);
        expect(server.logs.matching(/create the application with rawBody: true/)).toHaveLength(1);
      });
    });

    it('in an application without body parsers', async () => {
      await start({
        application: { bodyParser: false },
        controllers: [Other],
        configure: (app) => app.use(rewrite),
      });
      await expectGuarded('/deep/legacy');
      expect(await send('/legacy', '{}', {})).toEqual({ status: 200, body: {} });
    });

    it('or the method', async () => {
      @Controller('methods')
      class Methods {
        @Put('guarded')
        @UseGuards(ScalekitSignatureGuard)
        put(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @Post('open')
        @UseGuards(ScalekitSignatureGuard)
        post(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }

        @Put('open')
        open(@Body() body: unknown): object {
          return parsed(body);
        }
      }
      const override: RequestHandler = (request, _response, next) => {
        request.method = 'PUT';
        next();
      };
      await start({ controllers: [Methods], configure: (app) => app.use(override) });
      await expectGuarded('/methods/guarded');
      await expectParsed('/methods/open');
    });

    it('or the header with the version', async () => {
      @Controller({ path: 'versions', version: '1' })
      class Open {
        @Post()
        @HttpCode(200)
        open(@Body() body: unknown): object {
          return parsed(body);
        }
      }
      @Controller({ path: 'versions', version: '2' })
      class Guarded {
        @Post()
        @HttpCode(200)
        @UseGuards(ScalekitSignatureGuard)
        receive(@Body() event: ScalekitEnvelope): object {
          return guarded(event);
        }
      }
      const chooseVersion: RequestHandler = (request, _response, next) => {
        request.headers['x-version'] = request.headers['webhook-id'] === undefined ? '1' : '2';
        next();
      };
      await start({
        controllers: [Open, Guarded],
        configure: (app) => {
          app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
          app.use(chooseVersion);
        },
      });
      expect(await server.deliver(anEvent(), { path: '/versions' })).toMatchObject({ status: 200 });
      await expectParsed('/versions');
    });

    it('with a parser in between that parses what is not ours', async () => {
      await start({ controllers: [Other], configure: (app) => app.use(rewrite).use(express.json()) });
      await expectGuarded('/deep/legacy');
      await expectGuarded('/tenant');
      await expectParsed('/other');
    });
  });
});
