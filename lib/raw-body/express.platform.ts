import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { AnswerableResponse } from '../answers/answers.js';
import { watchRoutes, watchVersionFilters } from '../shared/nest-internals.js';
import { ExpressRoutes } from './express-routes.js';
import type { EndpointLookup, RawBodyPlatform, RawBodyRoute } from './raw-body-platform.js';
import { captureRawBody, dropRawBody, hasRawBody, type RequestWithBody } from './request-raw-body.js';

/** The URL that was looked up last: a middleware may have changed it since. */
const LOOKED_UP = Symbol('looked up');

type ExpressRequest = Omit<IncomingMessage, 'readable'> &
  RequestWithBody & {
    readonly method: string;
    readonly path: string;
    readable: boolean;
    /** What parsers before body-parser 2 look at. */
    _body?: boolean;
    [LOOKED_UP]?: string;
  };

type Reader = (
  request: ExpressRequest,
  response: AnswerableResponse & ServerResponse,
  next: (error?: Error) => void,
) => void;

/**
 * Express runs middlewares in the order of their registration, so the reader that is registered while the application
 * is built comes before all body parsers. It is registered again before parsers and routes that follow middlewares of
 * the application, because those may have changed the URL of a request.
 *
 * The bytes go back into the stream: whatever wants to read the request after us can. Body parsers are kept from it as
 * long as the route that will run is one of ours.
 */
export class ExpressRawBody implements RawBodyPlatform {
  private table: ExpressRoutes | undefined;

  get routes(): readonly RawBodyRoute[] {
    return this.table?.ours ?? [];
  }

  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void {
    const table = new ExpressRoutes(adapter);
    this.table = table;
    const reader = readerOf(table, endpointOf);
    const use = adapter.use.bind(adapter);
    let isLast = false;
    const placeReader = () => {
      if (!isLast) {
        isLast = true;
        use(reader);
      }
    };
    placeReader();
    adapter.use = (...args: unknown[]) => {
      if (args.some(isParser)) {
        placeReader();
      } else {
        isLast = false;
      }
      return use(...args) as unknown;
    };
    watchVersionFilters(adapter);
    watchRoutes(adapter, ({ path, handler, register }) => {
      placeReader();
      const registered = register();
      table.add(path, handler);
      return registered;
    });
  }
}

function readerOf(table: ExpressRoutes, endpointOf: EndpointLookup): Reader {
  return (request, response, next) => {
    const { url = '' } = request;
    if (request[LOOKED_UP] === url) {
      next();
      return;
    }
    request[LOOKED_UP] = url;
    const route = table.find(request, response);
    const endpoint = route && endpointOf(route.endpoint);
    const isRead = hasRawBody(request);
    if (endpoint && !isRead && !request.readableEnded) {
      const stream = request as unknown as IncomingMessage;
      captureRawBody({ request, response, stream, raw: { request: stream, response }, endpoint }, (error) => {
        if (!error) {
          holdBack(request);
        }
        next(error);
      });
      return;
    }
    if (!endpoint && isRead) {
      giveBack(request);
    }
    next();
  };
}

/** Express's own parsers are named `jsonParser`, `urlencodedParser` and so on. */
function isParser(middleware: unknown): boolean {
  return typeof middleware === 'function' && /parser$/i.test(middleware.name);
}

/** Parsers leave a request alone that they take for read: body-parser 2 looks at `readable`, older ones at `_body`. */
function holdBack(request: ExpressRequest): void {
  if (!request.readableEnded) {
    request.unshift(request.body);
  }
  request.readable = false;
  request._body = true;
}

function giveBack(request: ExpressRequest): void {
  dropRawBody(request);
  request.readable = true;
  delete request._body;
}
