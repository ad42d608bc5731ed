import { RequestMethod } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

/**
 * What this package uses of Nest, Express and Fastify without their publishing it. All of it is here.
 *
 * Keys under which Nest's decorators keep their metadata: seen in Nest 11.2 and 12.5. The constants moved from
 * `@nestjs/common/constants` to `@nestjs/common/internal` between them, so they are spelled out. If Nest renamed one,
 * no route would be found behind the guard, and boot warns that the endpoint has no route.
 */
export const GUARDS = '__guards__';
export const INTERCEPTORS = '__interceptors__';
export const PIPES = '__pipes__';
export const EXCEPTION_FILTERS = '__exceptionFilters__';
export const ROUTE_ARGUMENTS = '__routeArguments__';
/** On a controller class: the `host` of `@Controller()`. */
export const HOST = 'host';
/** On a method of a controller: the path of `@Post()` and its like. */
export const ROUTE_PATH = 'path';

type RouteHandler = (...args: unknown[]) => unknown;

interface RouteRegistration {
  readonly path: string;
  readonly handler: RouteHandler;
  /** Registers the route on the platform. */
  readonly register: () => unknown;
}

/** Nest's router calls the adapter's method of this name for each route: `post`, `all` and so on. */
const ROUTE_METHODS = Object.values(RequestMethod)
  .filter((method) => typeof method === 'string')
  .map((method) => method.toLowerCase());

/**
 * Calls `onRoute` for each route that is registered on an adapter from now on. The adapter's methods are public; that
 * Nest's router calls them with `(path, handler)`, and copies the metadata of the controller's method to that handler
 * first, is not: seen in Nest 11.2 and 12.5. If that changed, boot warns that the endpoint has no route.
 */
export function watchRoutes(
  adapter: AbstractHttpAdapter,
  onRoute: (route: RouteRegistration) => unknown,
): void {
  const methods = adapter as unknown as Record<string, RouteHandler | undefined>;
  for (const name of ROUTE_METHODS) {
    const method = methods[name];
    if (typeof method === 'function') {
      methods[name] = (...args) => {
        const [path, handler] = args;
        const register = () => Reflect.apply(method, adapter, args);
        return typeof path === 'string' && typeof handler === 'function'
          ? onRoute({ path, handler: handler as RouteHandler, register })
          : register();
      };
    }
  }
}

const ACCEPTS_VERSION = Symbol.for('nestjs-scalekit-webhooks:accepts-version');

type Accepts = (request: object, response: object) => boolean;

/**
 * Lets `acceptsVersion` ask whether a handler takes the version of a request. The adapter wraps the handler of a
 * versioned route in a filter that calls the next route instead: for the question, a second filter wraps a handler
 * that only says yes. `applyVersionFilter` is public; that it answers synchronously is not: seen in Nest 11.2 and 12.5.
 */
export function watchVersionFilters(adapter: AbstractHttpAdapter): void {
  const apply = adapter.applyVersionFilter.bind(adapter);
  adapter.applyVersionFilter = (handler: RouteHandler, version, options) => {
    const ask = apply(() => true, version, options) as unknown as RouteHandler;
    const accepts: Accepts = (request, response) => ask(request, response, () => false) === true;
    // A property, because Nest 12 copies those when it wraps the handler once more.
    return Object.assign(apply(handler, version, options), { [ACCEPTS_VERSION]: accepts });
  };
}

export function acceptsVersion(handler: RouteHandler): Accepts | undefined {
  return (handler as { readonly [ACCEPTS_VERSION]?: Accepts })[ACCEPTS_VERSION];
}

/** A route, or a middleware, in the table of Express's router. */
export interface ExpressLayer {
  match(path: string): boolean;
  readonly route?: { readonly path: unknown; _handlesMethod(method: string): boolean };
}

/**
 * The entry of the route that was registered last, in Express's table of middlewares and routes. `app.router` is public;
 * the table and its entries are not: seen in router 2.2 and 2.3, that is Express 5.1 to 5.3.
 *
 * @throws Error, which stops the boot, if Express's table is not as expected
 */
export function lastExpressRoute(adapter: AbstractHttpAdapter, path: string): ExpressLayer {
  const { router } = adapter.getInstance<{
    readonly router?: { readonly stack?: readonly ExpressLayer[] };
  }>();
  const layer = router?.stack?.at(-1);
  const isAsExpected =
    layer?.route?.path === path &&
    typeof layer.match === 'function' &&
    typeof layer.route._handlesMethod === 'function';
  if (!isAsExpected) {
    throw new Error(
      `The webhook module can't find the route ${path} in the route table of this version of Express. Please report ` +
        'the version; until this is mended, an older Express, or Fastify, works.',
    );
  }
  return layer;
}
