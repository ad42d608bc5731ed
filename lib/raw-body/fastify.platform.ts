import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { AnswerableResponse } from '../answers/answers.js';
import { captureRawBody } from './capture-raw-body.js';
import type { EndpointLookup, RawBodyPlatform, RawBodyRoute } from './raw-body-platform.js';
import { bodyReadBefore, keepRawBody } from './request-raw-body.js';

const ENDPOINT = Symbol.for('nestjs-scalekit-webhooks:endpoint');
/** What `@RouteConfig()` of `@nestjs/platform-fastify` sets: Nest hands it to Fastify as the route's `config`. */
const ROUTE_CONFIG = '__fastify_route_config__';

interface RouteConfig {
  readonly [ENDPOINT]?: string;
}

interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly config: RouteConfig };
  headers: IncomingHttpHeaders | undefined;
}

type Done = (error?: Error) => void;

interface FastifyHooks {
  onRoute: (route: { readonly url: string; readonly config?: RouteConfig }) => void;
  preParsing: (request: FastifyRequest, reply: AnswerableResponse, payload: unknown, done: Done) => void;
  preValidation: (request: FastifyRequest, reply: AnswerableResponse, done: Done) => void;
}

interface FastifyInstance {
  addHook<Name extends keyof FastifyHooks>(name: Name, hook: FastifyHooks[Name]): void;
}

/** Of a request with these Fastify believes that it has no body to parse. */
const NO_BODY: IncomingHttpHeaders = {
  'content-type': undefined,
  'content-length': undefined,
  'transfer-encoding': undefined,
};

/**
 * Fastify knows the route of a request before it parses the body, so a `preParsing` hook reads that of ours. Its own
 * parsing is passed by: it refuses content types that no parser is registered for, and bodies over its own limit.
 */
export class FastifyRawBody implements RawBodyPlatform {
  private readonly registered: RawBodyRoute[] = [];

  mark(method: object, endpoint: string): void {
    const config = Reflect.getMetadata(ROUTE_CONFIG, method) as RouteConfig | undefined;
    Reflect.defineMetadata(ROUTE_CONFIG, { ...config, [ENDPOINT]: endpoint }, method);
  }

  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void {
    const fastify = adapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', ({ url, config }) => {
      const endpoint = config?.[ENDPOINT];
      if (endpoint !== undefined) {
        this.registered.push({ path: url, endpoint });
      }
    });
    fastify.addHook('preParsing', (request, response, _payload, done) => {
      const name = request.routeOptions.config[ENDPOINT];
      const endpoint = name === undefined ? undefined : endpointOf(name);
      if (!endpoint) {
        done();
        return;
      }
      const { raw } = request;
      const passParsingBy: Done = (error) => {
        request.headers = NO_BODY;
        done(error);
      };
      if (raw.readableEnded) {
        keepRawBody(request, bodyReadBefore(raw)); // Fastify would wait for it for ever.
        passParsingBy();
      } else {
        captureRawBody({ request, response, raw, endpoint }, passParsingBy);
      }
    });
    fastify.addHook('preValidation', (request, _response, done) => {
      if (request.routeOptions.config[ENDPOINT] !== undefined) {
        request.headers = undefined; // Fastify shows the request's own headers again.
      }
      done();
    });
  }

  routes(): readonly RawBodyRoute[] {
    return this.registered;
  }
}
