import { Catch, type ExceptionFilter } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator, type NestContainer } from '@nestjs/core';
import { EXCEPTION_FILTERS, GUARDS, INTERCEPTORS, PIPES } from '../nest-metadata.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { HandlerCandidate, InstanceWrapper } from './handler-candidate.js';

type Module = NonNullable<InstanceWrapper['host']>;

/** Last in line, so that an error no filter of the handler takes reaches the dispatcher, unlogged. */
@Catch()
class Rethrow implements ExceptionFilter {
  catch(error: unknown): never {
    throw error;
  }
}

/**
 * Nest's way to call a method through its guards, pipes, interceptors and filters, made for handlers of one module.
 *
 * - It sees no global enhancers: those are made for HTTP requests, have already run on the route, and break handlers
 *   (golevelup/nestjs #454, #743, #940). Hence the empty `ApplicationConfig`.
 * - It sees no module but the handler's own. Nest looks a host up among the providers of all modules, so it would find
 *   no controller, and the wrong module for a class that two modules provide.
 */
export function createHandlerContext(module: Module): ExternalContextCreator {
  const host: unknown = Object.create(module, { hasProvider: { value: () => true } });
  const applicationConfig = new ApplicationConfig();
  applicationConfig.addGlobalFilter(new Rethrow());
  const container = { applicationConfig, getModules: () => new Map([['handlers', host]]) };
  return ExternalContextCreator.fromContainer(container as unknown as NestContainer);
}

/**
 * Nest skips, in silence, an enhancer class that the module holds no instance of. It makes them for classes that it
 * builds itself, not for what `useFactory` and `useValue` return. A guard that does not run is worse than no start.
 */
export function refuseSkippedEnhancers({ name, method, wrapper }: HandlerCandidate): void {
  const hostClass = (wrapper.instance as object | undefined)?.constructor ?? wrapper.metatype;
  for (const key of [GUARDS, INTERCEPTORS, PIPES, EXCEPTION_FILTERS]) {
    for (const target of [hostClass, method]) {
      const enhancers = (target ? Reflect.getMetadata(key, target) : undefined) as unknown[] | undefined;
      const skipped = enhancers?.find(
        (enhancer) => typeof enhancer === 'function' && !wrapper.host?.injectables.has(enhancer),
      );
      if (typeof skipped === 'function') {
        throw new ScalekitWebhookError(
          'invalid_handler',
          `${name} is decorated with the class ${skipped.name}, but Nest makes no instance of it for a provider ` +
            `from useFactory or useValue. Pass an instance (new ${skipped.name}(…)), or provide the class itself.`,
        );
      }
    }
  }
}
