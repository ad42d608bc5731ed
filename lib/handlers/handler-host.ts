import type { ArgumentsHost } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator, type NestContainer } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { EXCEPTION_FILTERS, GUARDS, INTERCEPTORS, PIPES } from '../shared/nest-internals.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { HandlerCandidate, InstanceWrapper } from './find-handlers.js';
import { parameterPipes } from './handler-parameters.js';

export type Module = NonNullable<InstanceWrapper['host']>;

interface ErrorHandler {
  next(error: unknown, host: ArgumentsHost): unknown;
  invokeCustomFilters(error: unknown, host: ArgumentsHost): unknown;
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
  const container = {
    applicationConfig: new ApplicationConfig(),
    getModules: () => new Map([['handlers', host]]),
  };
  const creator = ExternalContextCreator.fromContainer(container as unknown as NestContainer);
  leaveErrorsToFilters(creator);
  return Object.assign(creator, { transformToResult: settle });
}

/**
 * A filter has dealt with an error if it returns something; one that returns nothing has only looked at it. Nest means
 * the same, but takes any promise for something, and logs the errors that are left over, with the payload that
 * handlers put into their messages. It has no public way to be told otherwise.
 */
function leaveErrorsToFilters(creator: ExternalContextCreator): void {
  const { filtersContextCreator: filters } = creator as unknown as {
    readonly filtersContextCreator: { create(...args: unknown[]): ErrorHandler };
  };
  const create = filters.create.bind(filters);
  filters.create = (...args) => {
    const errors = create(...args);
    errors.next = async (error, host) => {
      const result = await settle(errors.invokeCustomFilters(error, host));
      if (result === undefined || result === null) {
        throw error;
      }
      return result;
    };
    return errors;
  };
}

/** To Nest an observable that ends without a value is an error; a handler that returns one is done. */
function settle(result: unknown): Promise<unknown> {
  return Promise.resolve(isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result);
}

/**
 * Nest skips, in silence, an enhancer class that the module holds no instance of. It makes them for classes that it
 * builds itself, not for what `useFactory` and `useValue` return. A guard that does not run is worse than no start.
 */
export function refuseSkippedEnhancers(candidate: HandlerCandidate): void {
  const { name, hostClass, method, wrapper } = candidate;
  const enhancers = [GUARDS, INTERCEPTORS, PIPES, EXCEPTION_FILTERS].flatMap((key) =>
    [hostClass, method].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as unknown[]),
  );
  const skipped = [...enhancers, ...parameterPipes(candidate)].find(
    (enhancer) =>
      typeof enhancer === 'function' && (wrapper.isNotMetatype || !wrapper.host?.injectables.has(enhancer)),
  );
  if (typeof skipped === 'function') {
    throw new ScalekitWebhookError(
      'invalid_handler',
      `${name} is decorated with the class ${skipped.name}, but Nest makes no instance of it for a provider from ` +
        `useFactory or useValue. Pass an instance (new ${skipped.name}(…)), or provide the class itself.`,
    );
  }
}
