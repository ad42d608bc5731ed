import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { GUARDS } from '../shared/nest-internals.js';

const NEEDS_RAW_BODY = 'nestjs-scalekit-webhooks:needs-raw-body';
const ENDPOINT = 'nestjs-scalekit-webhooks:endpoint';

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
 * Has every controller method marked that is behind a guard that needs the raw body, with its endpoint ('' for a
 * controller of the user's own). Nest copies a method's metadata to the route handler it registers, which is where a
 * platform finds the mark again.
 */
export function markRawBodyRoutes(
  modules: ModulesContainer,
  mark: (method: object, endpoint: string) => void,
): void {
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') {
        continue;
      }
      const prototype = metatype.prototype as Record<string, object>;
      const endpoint = (Reflect.getMetadata(ENDPOINT, metatype) as string | undefined) ?? '';
      for (const name of scanner.getAllMethodNames(prototype)) {
        const method = prototype[name];
        if (method && (isGuarded(metatype) || isGuarded(method))) {
          mark(method, endpoint);
        }
      }
    }
  }
}

function isGuarded(target: object): boolean {
  const guards = (Reflect.getMetadata(GUARDS, target) ?? []) as (object | undefined)[];
  return guards.some((guard) => {
    const guardClass = typeof guard === 'function' ? guard : guard?.constructor;
    return guardClass !== undefined && Reflect.getMetadata(NEEDS_RAW_BODY, guardClass) === true;
  });
}
