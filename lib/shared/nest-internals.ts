import {
  Catch,
  Controller,
  createParamDecorator,
  Post,
  RequestMethod,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

// Whatever this package uses of Nest, Express and Fastify that they do not publish is in this file.
//
// Keys under which Nest's decorators keep their metadata: the same in Nest 11.0 to 12.5. There is no public way to read
// what `@UseGuards()` and the like were given. The constants moved from `@nestjs/common/constants` (11) to
// `@nestjs/common/internal` (12), so they are spelled out here.

/** Of `@UseGuards()` and the like, on a class or method: a list of classes and instances. */
export const GUARDS = '__guards__';
export const INTERCEPTORS = '__interceptors__';
export const PIPES = '__pipes__';
export const EXCEPTION_FILTERS = '__exceptionFilters__';
/** Of `@Catch()`, on a filter class: a list of error classes. */
export const CAUGHT_ERRORS = '__filterCatchExceptions__';
/** Of parameter decorators, on class and method name: `{ index, data, pipes, factory }` by keys that tell the kind. */
export const ROUTE_ARGUMENTS = '__routeArguments__';
export const CUSTOM_DECORATOR = '__customRouteArgs__';
/** Of `@Controller({ host })`, on the class. */
export const HOST = 'host';
/** Of `@Post()` and its like, on the method: the path. */
export const ROUTE_PATH = 'path';

/**
 * Decorates a class with Nest's own decorators, and looks whether their metadata is where we read it. Without this check
 * a handler's guards would be skipped in silence after a change in Nest.
 *
 * @throws at boot, if a decorator writes elsewhere
 */
export function checkMetadataKeys(): void {
  const unused = (): undefined => undefined;
  const probe = { canActivate: unused, intercept: unused, transform: unused, catch: unused } as never;
  class Probe {
    handle(): unknown {
      return probe;
    }
  }
  [UseGuards(probe), UseInterceptors(probe), UsePipes(probe), UseFilters(probe), Catch(Error)].forEach(
    (decorate) => {
      decorate(Probe);
    },
  );
  Controller({ host: 'host' })(Probe);
  const handle = { value: Reflect.get(Probe.prototype, 'handle') as object };
  Post('path')(Probe.prototype, 'handle', handle);
  createParamDecorator(unused)('data', probe)(Probe.prototype, 'handle', 0);

  const isListed = [GUARDS, INTERCEPTORS, PIPES, EXCEPTION_FILTERS].every((key) =>
    listOf(key, Probe).includes(probe),
  );
  const parameters = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGUMENTS, Probe, 'handle') ?? {}) as Record<string, Record<string, unknown>>,
  );
  const isDescribed = parameters.some(
    ([key, { index, data, pipes, factory }]) =>
      key.includes(CUSTOM_DECORATOR) &&
      index === 0 &&
      data === 'data' &&
      Array.isArray(pipes) &&
      pipes[0] === probe &&
      factory === unused,
  );
  const isRoute =
    Reflect.getMetadata(HOST, Probe) === 'host' && Reflect.getMetadata(ROUTE_PATH, handle.value) === 'path';
  if (!isListed || !isDescribed || !isRoute || !listOf(CAUGHT_ERRORS, Probe).includes(Error)) {
    throw new ScalekitWebhookError(
      'unsupported_nest',
      'This version of Nest keeps the metadata of its decorators where nestjs-scalekit-webhooks does not find it, so the ' +
        'guards, pipes, interceptors and filters of handlers would not run, and routes would not be found. Update ' +
        'nestjs-scalekit-webhooks, or use Nest 11 or 12.',
    );
  }
}

function listOf(key: string, target: object): readonly unknown[] {
  return (Reflect.getMetadata(key, target) ?? []) as readonly unknown[];
}

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
