import { AsyncResource } from 'node:async_hooks';
import {
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { defer, isObservable, lastValueFrom, mergeAll, type Observable, of } from 'rxjs';
import { CAUGHT_ERRORS } from '../shared/nest-internals.js';
import type { HandlerCandidate } from './find-handlers.js';
import type { HandlerParameter } from './handler-metadata.js';
import type { Method } from './subscription.js';

/** What surrounds the method, with an instance of each class. */
export interface Surroundings {
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  readonly filters: readonly ExceptionFilter[];
  readonly parameters: readonly (HandlerParameter & { readonly pipes: readonly PipeTransform[] })[];
}

/** Calls the method of a handler: guards, interceptors, pipes, the method; filters where one of these throws. */
export async function callSurrounded(
  candidate: HandlerCandidate,
  instance: object,
  args: readonly unknown[],
  { guards, interceptors, filters, parameters }: Surroundings,
): Promise<unknown> {
  const context = createHandlerContext(candidate, args);
  try {
    for (const guard of guards) {
      if (!(await settle(guard.canActivate(context)))) throw new ForbiddenException('Forbidden resource');
    }
    return await settle(
      intercept(interceptors, context, async () =>
        settle(
          callMethod(
            candidate,
            instance,
            parameters.length === 0 ? args : await argumentsFor(parameters, context),
          ),
        ),
      ),
    );
  } catch (error) {
    return filterError(filters, error, context);
  }
}

/** Calls the method alone, and returns what it returned. */
export function callMethod(
  { methodName }: HandlerCandidate,
  instance: object,
  args: readonly unknown[],
): unknown {
  return (instance as Record<string, Method>)[methodName]?.(...args);
}

/** Calls back when a handler's work is over. A promise is over when it settles, an observable when it completes. */
export function whenOver(result: unknown, done: () => void, failed: (error: unknown) => void): void {
  Promise.resolve(result).then((value) => {
    if (isObservable(value)) {
      value.subscribe({ complete: done, error: failed });
    } else {
      done();
    }
  }, failed);
}

async function argumentsFor(
  parameters: Surroundings['parameters'],
  context: ExecutionContext,
): Promise<unknown[]> {
  const args: unknown[] = [];
  await Promise.all(
    parameters.map(async ({ index, valueFor, pipes, metadata }) => {
      let value = await valueFor(context);
      for (const pipe of pipes) value = (await pipe.transform(value, metadata)) as unknown;
      args[index] = value;
    }),
  );
  return args;
}

/** Each step runs in the async context of its `handle()`, so that an interceptor can set an `AsyncLocalStorage`. */
function intercept(
  interceptors: readonly NestInterceptor[],
  context: ExecutionContext,
  callHandler: () => Promise<unknown>,
): Promise<unknown> | Observable<unknown> {
  const step = (index: number): Observable<unknown> => {
    const interceptor = interceptors[index];
    const run = async () =>
      interceptor
        ? interceptor.intercept(context, { handle: () => step(index + 1) })
        : of(await callHandler());
    return defer(AsyncResource.bind(run)).pipe(mergeAll());
  };
  return interceptors.length === 0 ? callHandler() : step(0);
}

/** Asks the first filter that catches such an error. If the filter returns nothing, the error is thrown on. */
async function filterError(
  filters: readonly ExceptionFilter[],
  error: unknown,
  context: ExecutionContext,
): Promise<unknown> {
  const filter = filters.find((each) => catches(each, error));
  const result = filter && (await settle(filter.catch(error, context)));
  if (result === undefined || result === null) throw error;
  return result;
}

function catches(filter: ExceptionFilter, error: unknown): boolean {
  const classes = Reflect.getMetadata(CAUGHT_ERRORS, filter.constructor) as (new () => unknown)[] | undefined;
  return !classes?.length || classes.some((errorClass) => error instanceof errorClass);
}

/** A handler that returns an observable is done when it ends, with a value or without. */
async function settle(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}

/**
 * The `ExecutionContext` of one call of a handler. Enhancers that were written for requests, messages or sockets find
 * the event where they look for one.
 *
 * @param args the event, its context and the transaction
 */
function createHandlerContext(
  { hostClass, method }: HandlerCandidate,
  args: readonly unknown[],
): ExecutionContext {
  const [event, context, transaction] = args as never[];
  return {
    getType: () => 'scalekit-webhook' as never,
    getClass: () => hostClass as never,
    getHandler: () => method,
    getArgs: () => args as never,
    getArgByIndex: (index) => args[index] as never,
    switchToHttp: () => ({
      getRequest: () => event as never,
      getResponse: () => context as never,
      getNext: () => transaction as never,
    }),
    switchToRpc: () => ({ getData: () => event as never, getContext: () => context as never }),
    switchToWs: () => ({
      getClient: () => event as never,
      getData: () => context as never,
      getPattern: () => '',
    }),
  };
}
