import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { AnswerableResponse } from '../answers/answers.js';
import { watchRoutes } from '../shared/nest-internals.js';
import {
  type EndpointLookup,
  type RawBodyPlatform,
  type RawBodyRoute,
  routeMarkOf,
} from './raw-body-route.js';
import { bodyReadBefore, captureRawBody, keepRawBody, type RequestWithBody } from './request-raw-body.js';

/** The headers that hooks had given the request when its body was read. */
const HEADERS = Symbol('headers');

interface FastifyRequest extends Omit<RequestWithBody, 'headers'> {
  readonly raw: IncomingMessage;
  /** The setter adds headers to those of `raw`, and undefined takes them all back. */
  headers: IncomingHttpHeaders | undefined;
  [HEADERS]?: IncomingHttpHeaders;
}

type FastifyReply = AnswerableResponse & { readonly raw: ServerResponse };
type Done = (error?: Error) => void;
type PreParsing = (request: FastifyRequest, reply: FastifyReply, payload: Readable, done: Done) => void;

interface FastifyHooks {
  onRoute: (route: { readonly url: string; preParsing?: PreParsing | PreParsing[] }) => void;
  preValidation: (request: FastifyRequest, reply: FastifyReply, done: Done) => void;
}

interface FastifyInstance {
  addHook<Name extends keyof FastifyHooks>(name: Name, hook: FastifyHooks[Name]): void;
}

/** With these headers, Fastify treats a request as one without a body. */
const NO_BODY: IncomingHttpHeaders = {
  'content-type': undefined,
  'content-length': undefined,
  'transfer-encoding': undefined,
};

/**
 * Fastify knows the route of a request before it parses the body, so each route of ours gets a `preParsing` hook that
 * reads it. The hooks of a route run after those of the application: what they hand over is read. Fastify's parsing is
 * skipped, because it refuses content types that it has no parser for, and bodies over its own limit.
 */
export class FastifyRawBody implements RawBodyPlatform {
  readonly routes: RawBodyRoute[] = [];

  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void {
    const fastify = adapter.getInstance<FastifyInstance>();
    /** The endpoint of the route that is being registered. */
    let current: string | undefined;
    watchRoutes(adapter, ({ handler, register }) => {
      current = routeMarkOf(handler)?.endpoint;
      try {
        return register();
      } finally {
        current = undefined;
      }
    });
    fastify.addHook('onRoute', (route) => {
      if (current !== undefined) {
        this.routes.push({ path: route.url, endpoint: current });
        route.preParsing = [route.preParsing ?? [], readerOf(current, endpointOf)].flat();
      }
    });
    fastify.addHook('preValidation', (request, _reply, done) => {
      if (request[HEADERS]) {
        request.headers = request[HEADERS] === request.raw.headers ? undefined : request[HEADERS];
      }
      done();
    });
  }
}

function readerOf(name: string, endpointOf: EndpointLookup): PreParsing {
  return (request, reply, payload, done) => {
    const endpoint = endpointOf(name);
    if (!endpoint) {
      done();
      return;
    }
    const { raw } = request;
    const readable = request as RequestWithBody;
    request[HEADERS] = request.headers ?? raw.headers;
    const skipParsing: Done = (error) => {
      request.headers = NO_BODY;
      done(error);
    };
    if (payload.readableEnded || payload.destroyed) {
      keepRawBody(readable, bodyReadBefore(readable)); // Fastify would wait for the body for ever.
      skipParsing();
    } else {
      captureRawBody(
        {
          request: readable,
          response: reply,
          stream: payload,
          raw: { request: raw, response: reply.raw },
          endpoint,
        },
        skipParsing,
      );
    }
  };
}
