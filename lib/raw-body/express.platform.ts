import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { AnswerableResponse } from '../answers/answers.js';
import { type ExpressLayer, expressTable, lastExpressRoute } from '../shared/express-internals.js';
import { acceptsVersion, ROUTE_PATH, watchRoutes, watchVersionFilters } from '../shared/nest-internals.js';
import {
  type EndpointLookup,
  type RawBodyPlatform,
  type RawBodyRoute,
  routeMarkOf,
} from './raw-body-route.js';
import { captureRawBody, dropRawBody, hasRawBody, type RequestWithBody } from './request-raw-body.js';

type ExpressRequest = Omit<IncomingMessage, 'readable'> &
  RequestWithBody & {
    readonly method: string;
    readonly path: string;
    readable: boolean;
    /** What parsers before body-parser 2 look at. */
    _body?: boolean;
  };

type Register = (...args: unknown[]) => unknown;

type Reader = (
  request: ExpressRequest,
  response: AnswerableResponse & ServerResponse,
  next: (error?: Error) => void,
) => void;

/**
 * Express runs middlewares in the order of their registration, so the reader that is registered while the application
 * is built comes before all body parsers. It is registered again before parsers and routes that follow middlewares of
 * the application, because those may have changed what a route is chosen by: the URL, the method or a header.
 *
 * The bytes go back into the stream, so that others can read the request after us. Body parsers are kept from it while
 * the route that will run is ours.
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
    const app = adapter.getInstance<{ use: Register }>();
    const use = app.use.bind(app);
    /** How many entries Express's table had when none of them could have changed a URL after the last reader. */
    let settled = -1;
    const placeReader = () => {
      if (settled !== expressTable(adapter).length) {
        use(reader);
      }
    };
    const settle = () => {
      settled = expressTable(adapter).length;
    };
    placeReader();
    settle();
    // Nest's own `adapter.use()` calls it, too.
    app.use = (...args) => {
      if (!args.flat().some(isParser)) {
        return use(...args);
      }
      placeReader();
      const registered = use(...args);
      settle();
      return registered;
    };
    watchVersionFilters(adapter);
    watchRoutes(adapter, ({ path, handler, register }) => {
      if (!Reflect.hasMetadata(ROUTE_PATH, handler)) {
        return register(); // No route of a controller: it may be a middleware.
      }
      placeReader();
      const registered = register();
      table.add(path, handler);
      settle();
      return registered;
    });
  }
}

function readerOf(table: ExpressRoutes, endpointOf: EndpointLookup): Reader {
  return (request, response, next) => {
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

/** Makes parsers skip a request. body-parser 2 looks at `readable`, older ones at `_body`. */
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

type RoutedRequest = Pick<ExpressRequest, 'method' | 'path'>;

interface Route extends RawBodyRoute {
  readonly layer: ExpressLayer;
  /** The routes that Express tries before this one; and those of them that match this one's path as it is written. */
  readonly earlier: readonly ExpressLayer[];
  readonly rivals: readonly ExpressLayer[];
}

type Filter = (request: RoutedRequest, response: object) => boolean;

/** Tells which request Express will give to a route of ours: it tries them in the order of their registration. */
class ExpressRoutes {
  readonly ours: Route[] = [];
  private readonly layers: ExpressLayer[] = [];
  /** Of routes that take only some of the requests to their path: those of one version, or of one host. */
  private readonly filters = new Map<ExpressLayer, Filter>();

  constructor(private readonly adapter: AbstractHttpAdapter) {}

  /** Called after a route of a controller is registered. */
  add(path: string, handler: (...args: unknown[]) => unknown): void {
    const mark = routeMarkOf(handler);
    const layer = lastExpressRoute(this.adapter, path);
    const filter = this.filterOf(mark?.hosts ?? [], acceptsVersion(handler));
    if (filter) {
      this.filters.set(layer, filter);
    }
    if (mark?.endpoint !== undefined) {
      const earlier = [...this.layers];
      const rivals = earlier.filter((other) => matches(other, path));
      this.ours.push({ path, endpoint: mark.endpoint, layer, earlier, rivals });
    }
    this.layers.push(layer);
  }

  /** The route of ours that runs, if it is one. */
  find(request: RoutedRequest, response: object): Route | undefined {
    const route = this.ours.find((candidate) =>
      this.takes(candidate.layer, request, response, candidate.path),
    );
    const isLiteral = route?.path === request.path;
    const isTaken = (isLiteral ? route.rivals : route?.earlier)?.some((layer) =>
      this.takes(layer, request, response, isLiteral ? request.path : undefined),
    );
    return isTaken ? undefined : route;
  }

  private takes(layer: ExpressLayer, request: RoutedRequest, response: object, knownPath?: string): boolean {
    return (
      layer.route?._handlesMethod(request.method) === true &&
      (knownPath === request.path || matches(layer, request.path)) &&
      (this.filters.get(layer)?.(request, response) ?? true)
    );
  }

  private filterOf(
    hosts: readonly (string | RegExp)[],
    acceptsTheVersion: Filter | undefined,
  ): Filter | undefined {
    if (hosts.length === 0) {
      return acceptsTheVersion;
    }
    const patterns = hosts.map((host) => (typeof host === 'string' ? hostPattern(host) : host));
    return (request, response) => {
      const host = String(this.adapter.getRequestHostname(request) ?? '');
      return (
        patterns.some((pattern) => host.match(pattern)) && (acceptsTheVersion?.(request, response) ?? true)
      );
    };
  }
}

function matches(layer: ExpressLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // A parameter can't be decoded: Express answers 400 when it reaches the route.
  }
}

/** The patterns of `@Controller({ host })`: `:name`, `*name` and `{optional}`, as path-to-regexp 8 reads them. */
function hostPattern(host: string): RegExp {
  const source = host.replace(
    /([:*])[\p{ID_Start}$_][\p{ID_Continue}$]*|[^\p{ID_Continue}]/gu,
    (token, sign) => {
      if (sign) {
        return sign === ':' ? '[^/]+' : '.+';
      }
      return { '{': '(?:', '}': ')?' }[token] ?? `\\${token}`;
    },
  );
  return new RegExp(`^${source}$`, 'i');
}
