import { type AbstractHttpAdapter, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';
import { GUARDS, HOST } from '../shared/nest-internals.js';
import type { UnverifiedBytes } from './unverified-bytes.js';

const NEEDS_RAW_BODY = 'nestjs-scalekit-webhooks:needs-raw-body';
const ENDPOINT = 'nestjs-scalekit-webhooks:endpoint';
const ROUTE = 'nestjs-scalekit-webhooks:route';

/** The facts about a route that its controller class gives. */
export interface RouteMark {
  /** The endpoint that it belongs to, '' for a controller of the user's own; undefined if the guard does not protect it. */
  readonly endpoint: string | undefined;
  /** The hosts that the controller is limited to. */
  readonly hosts: readonly (string | RegExp)[];
}

/** On a guard: the routes it protects take their body as raw bytes. */
export function NeedsRawBody(): ClassDecorator {
  return (guard) => {
    Reflect.defineMetadata(NEEDS_RAW_BODY, true, guard);
  };
}

/** On a controller class: the endpoint it belongs to. */
export function BelongsToEndpoint(name: string): ClassDecorator {
  return (controller) => {
    Reflect.defineMetadata(ENDPOINT, name, controller);
  };
}

/**
 * Marks the methods of controllers: those behind a guard that needs the raw body, and those of controllers with hosts.
 * Nest copies a method's metadata to the handler that it registers, so `routeMarkOf` finds the mark there.
 */
export function markRoutes(modules: ModulesContainer): void {
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') {
        continue;
      }
      const prototype = metatype.prototype as Record<string, object>;
      const name = (Reflect.getMetadata(ENDPOINT, metatype) as string | undefined) ?? '';
      const hosts = [(Reflect.getMetadata(HOST, metatype) ?? []) as RouteMark['hosts'][number] | []].flat();
      for (const methodName of scanner.getAllMethodNames(prototype)) {
        const isOurs = isGuarded(metatype) || isGuarded(prototype[methodName]);
        if (isOurs || hosts.length > 0) {
          const mark: RouteMark = { endpoint: isOurs ? name : undefined, hosts };
          Reflect.defineMetadata(ROUTE, mark, ownMethod(prototype, methodName));
        }
      }
    }
  }
}

export function routeMarkOf(handler: object): RouteMark | undefined {
  return Reflect.getMetadata(ROUTE, handler) as RouteMark | undefined;
}

/**
 * A method of a base class serves other controllers, too: this one gets its own method, which calls the inherited
 * one.
 */
function ownMethod(prototype: Record<string, object>, name: string): object {
  const method = prototype[name] ?? {};
  if (Object.hasOwn(prototype, name)) {
    return method;
  }
  const own = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(method as () => unknown, this, args);
  };
  for (const key of Reflect.getMetadataKeys(method) as string[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), own);
  }
  Object.defineProperty(own, 'name', { value: name });
  Object.defineProperty(prototype, name, { value: own, writable: true, configurable: true });
  return own;
}

function isGuarded(target: object | undefined): boolean {
  const guards = ((target && Reflect.getMetadata(GUARDS, target)) ?? []) as (object | undefined)[];
  return guards.some((guard) => {
    const guardClass = typeof guard === 'function' ? guard : guard?.constructor;
    return guardClass !== undefined && Reflect.getMetadata(NEEDS_RAW_BODY, guardClass) === true;
  });
}

/** The part of an endpoint that reading a body needs. */
export interface ReadingEndpoint extends Pick<RegisteredEndpoint, 'maxBodyBytes' | 'log' | 'lifecycle'> {
  readonly unverified: UnverifiedBytes;
}

/** A route whose body is read as raw bytes. */
export interface RawBodyRoute {
  readonly path: string;
  readonly endpoint: string;
}

export type EndpointLookup = (name: string) => ReadingEndpoint | undefined;

/** An HTTP platform. Platforms differ in where the bytes of a request can be read before a parser sees them. */
export interface RawBodyPlatform {
  /** The routes behind our guard as they were registered, global prefix and versions included. */
  readonly routes: readonly RawBodyRoute[];
  /** Runs while the application is built, before Nest registers its body parsers and its routes. */
  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void;
}
