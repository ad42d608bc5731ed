import { isDeepStrictEqual } from 'node:util';
import {
  applyDecorators,
  Catch,
  Controller,
  createParamDecorator,
  Logger,
  Post,
  RequestMethod,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  type AbstractHttpAdapter,
  type ContextIdFactory,
  type DiscoveryService,
  ModuleRef,
} from '@nestjs/core';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

// What this package uses of Nest that Nest does not publish. CONTRIBUTING.md lists it.
//
// Keys under which Nest's decorators keep their metadata: the same in Nest 11.0 to 12.5. The constants moved from
// `@nestjs/common/constants` (11) to `@nestjs/common/internal` (12), so they are spelled out here.

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
 * Decorates a class with Nest's own decorators, and checks that their metadata is where we read it. Without this check a
 * change in Nest would make handlers run without their guards.
 *
 * @throws ScalekitWebhookError (`unsupported_nest`) at boot
 */
export function checkMetadataKeys(): void {
  const unused = (): undefined => undefined;
  const probe = { canActivate: unused, intercept: unused, transform: unused, catch: unused } as never;
  class Probe {
    handle(): unknown {
      return probe;
    }
  }
  applyDecorators(UseGuards(probe), UseInterceptors(probe), UsePipes(probe), UseFilters(probe))(Probe);
  applyDecorators(Catch(Error), Controller({ host: 'host' }))(Probe);
  const handle = { value: Reflect.get(Probe.prototype, 'handle') as object };
  Post('path')(Probe.prototype, 'handle', handle);
  createParamDecorator(unused)('data', probe)(Probe.prototype, 'handle', 0);

  const keys = [GUARDS, INTERCEPTORS, PIPES, EXCEPTION_FILTERS];
  const isListed = keys.every((key) => listOf(key, Probe).includes(probe));
  const parameters = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGUMENTS, Probe, 'handle') ?? {}) as Record<string, Record<string, unknown>>,
  );
  const expected = [0, 'data', [probe], unused];
  const isDescribed = parameters.some(
    ([key, { index, data, pipes, factory }]) =>
      key.includes(CUSTOM_DECORATOR) && isDeepStrictEqual([index, data, pipes, factory], expected),
  );
  const isRoute =
    Reflect.getMetadata(HOST, Probe) === 'host' && Reflect.getMetadata(ROUTE_PATH, handle.value) === 'path';
  if (!isListed || !isDescribed || !isRoute || !listOf(CAUGHT_ERRORS, Probe).includes(Error)) {
    throw unsupportedNest(
      'keeps the metadata of its decorators where nestjs-scalekit-webhooks does not find it, so the guards, pipes, ' +
        'interceptors and filters of handlers would not run, and routes would not be found',
    );
  }
}

function unsupportedNest(what: string): ScalekitWebhookError<'unsupported_nest'> {
  return new ScalekitWebhookError(
    'unsupported_nest',
    `This version of Nest ${what}. Update nestjs-scalekit-webhooks, or use Nest 11 or 12.`,
  );
}

/** Whether lines of level `debug` are printed. Nest 11 says no to every level until levels are set, and prints all. */
export function isDebugPrinted(): boolean {
  const saysNo = !Logger.isLevelEnabled('fatal') && Reflect.get(Logger, 'staticInstanceRef') !== undefined;
  return saysNo || Logger.isLevelEnabled('debug');
}

/**
 * What Nest's container knows of a provider or controller. `DiscoveryService` is public and returns these; their members
 * are not: the same in Nest 11.0 to 12.5.
 */
export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];
export type ContextId = ReturnType<typeof ContextIdFactory.create>;

const METHODS = ['isDependencyTreeStatic', 'isDependencyTreeDurable', 'getInstanceByContextId'];
const PROPERTIES = ['token', 'metatype', 'instance', 'id', 'isAlias', 'isTransient', 'isNotMetatype'];

/** @throws ScalekitWebhookError (`unsupported_nest`) at boot, if a wrapper lacks what handlers are found and called by */
export function checkInstanceWrapper(wrapper: InstanceWrapper | undefined): void {
  const isComplete =
    wrapper !== undefined &&
    METHODS.every((name) => typeof Reflect.get(wrapper, name) === 'function') &&
    PROPERTIES.every((name) => name in wrapper) &&
    (wrapper.host?.injectables as unknown) instanceof Map &&
    typeof moduleRefOf(wrapper)?.resolve === 'function';
  if (!isComplete) {
    throw unsupportedNest('keeps providers in another way than nestjs-scalekit-webhooks expects');
  }
}

/** Whether the whole application has one instance: false for request-scoped and transient providers. */
export function isShared(wrapper: InstanceWrapper): boolean {
  return !wrapper.isTransient && wrapper.isDependencyTreeStatic();
}

/** The `ModuleRef` of the module that a provider belongs to. `@Inject(ModuleRef)` gives only our own module's. */
export function moduleRefOf({ host }: InstanceWrapper): ModuleRef | undefined {
  return host?.getProviderByKey<ModuleRef>(ModuleRef).instance;
}

/**
 * What Nest made of a class given to `@UseGuards()` and the like of a provider or controller. Undefined where it makes no
 * instance. `ModuleRef.get(class)` finds exported providers, too, which are other instances.
 */
export function enhancerOf({ host }: InstanceWrapper, enhancer: Type<unknown>): InstanceWrapper | undefined {
  return host?.injectables.get(enhancer);
}

/** The instance of such an enhancer, or a promise of it: the application's or, as its scope says, one for a call or host. */
export function enhancerInstance(
  host: InstanceWrapper,
  enhancer: InstanceWrapper,
  contextId: ContextId | undefined,
): unknown {
  if (!contextId) {
    return enhancer.isTransient
      ? moduleRefOf(host)?.resolve(enhancer.token, undefined, { strict: true })
      : (enhancer.instance as unknown);
  }
  // A durable one is shared by the calls of a tenant.
  const isTreeDurable = !enhancer.isTransient && enhancer.isDependencyTreeDurable();
  const shared = contextId.getParent?.({ token: enhancer.token, isTreeDurable }) ?? contextId;
  return enhancer.getInstanceByContextId(shared, host.id).instance as unknown;
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
 * Calls `onRoute` for each route that is registered on an adapter from now on. The adapter's methods are public. Not
 * public is that Nest's router calls them with `(path, handler)`, after it has copied the metadata of the controller's
 * method to the handler: seen in Nest 11.2 and 12.5. If that changes, the boot warns that the endpoint has no route.
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
 * Lets `acceptsVersion` tell whether a handler takes the version of a request. The adapter wraps the handler of a
 * versioned route in a filter that calls either the handler or the next route: a second filter, around a handler that
 * returns true, gives the answer. `applyVersionFilter` is public; that it calls synchronously is not: seen in Nest 11.2
 * and 12.5.
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
