import type {
  ArgumentMetadata,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  PipeTransform,
  Type,
} from '@nestjs/common';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import {
  type ContextId,
  CUSTOM_DECORATOR,
  enhancerInstance,
  enhancerOf,
  EXCEPTION_FILTERS,
  GUARDS,
  INTERCEPTORS,
  PIPES,
  ROUTE_ARGUMENTS,
} from '../shared/nest-internals.js';
import { type HandlerCandidate, prototypeOf } from './find-handlers.js';

/** What a decorator such as `@UseGuards()` was given: an instance, or a class that Nest makes one of. */
export type Enhancer<T> = T | Type<T>;

export interface Enhancers {
  readonly guards: readonly Enhancer<CanActivate>[];
  readonly interceptors: readonly Enhancer<NestInterceptor>[];
  readonly pipes: readonly Enhancer<PipeTransform>[];
  readonly filters: readonly Enhancer<ExceptionFilter>[];
}

/**
 * Those of the class come before those of the method, filters in reverse. Global enhancers are left out: they are made
 * for HTTP requests, have already run on the route, and break handlers (golevelup/nestjs #454, #743, #940).
 */
export function readEnhancers(candidate: HandlerCandidate): Enhancers {
  return {
    guards: read(GUARDS, candidate),
    interceptors: read(INTERCEPTORS, candidate),
    pipes: read(PIPES, candidate),
    filters: read<ExceptionFilter>(EXCEPTION_FILTERS, candidate).reverse(),
  };
}

function read<T>(key: string, { hostClass, method, wrapper }: HandlerCandidate): Enhancer<T>[] {
  const on = (target: object) => (Reflect.getMetadata(key, target) ?? []) as Enhancer<T>[];
  // Where a decorator of the class returned another one, those above it wrote on that one.
  const builtClass = wrapper.isNotMetatype ? null : wrapper.metatype;
  return [...new Set([...on(hostClass), ...on(builtClass ?? hostClass)]), ...on(method)];
}

/**
 * Nest makes enhancer classes only for classes that it builds itself, and only those that it finds on the methods that
 * these have. Without this check, a guard would be skipped in silence.
 *
 * @throws if an enhancer is a class of which there is no instance
 */
export function refuseSkippedEnhancers(
  { name, wrapper }: HandlerCandidate,
  enhancers: readonly Enhancer<unknown>[],
): void {
  const skipped = enhancers.find(
    (enhancer) => isClass(enhancer) && (wrapper.isNotMetatype || !enhancerOf(wrapper, enhancer)),
  );
  if (!isClass(skipped)) return;
  const [reason, remedy] = wrapper.isNotMetatype
    ? ['for a provider from useFactory or useValue', 'provide the class itself']
    : ['below a decorator that replaces the method', 'write its decorator above that one'];
  throw new ScalekitWebhookError(
    'invalid_handler',
    `${name} is decorated with the class ${skipped.name}, but Nest makes no instance of it ${reason}. ` +
      `Pass an instance (new ${skipped.name}(…)), or ${remedy}.`,
  );
}

/** The enhancer itself, or the instance that Nest made of its class. */
export async function instanceOf<T>(
  enhancer: Enhancer<T>,
  { wrapper }: HandlerCandidate,
  contextId: ContextId | undefined,
): Promise<T> {
  const injectable = isClass(enhancer) ? enhancerOf(wrapper, enhancer) : undefined;
  return (injectable ? await enhancerInstance(wrapper, injectable, contextId) : enhancer) as T;
}

function isClass(enhancer: unknown): enhancer is Type<unknown> {
  return typeof enhancer === 'function';
}

/** One parameter of a handler: where its value comes from, and which pipes it goes through. */
export interface HandlerParameter {
  readonly index: number;
  readonly valueFor: (context: ExecutionContext) => unknown;
  readonly pipes: readonly Enhancer<PipeTransform>[];
  readonly metadata: ArgumentMetadata;
}

/** What `createParamDecorator()` writes down. */
interface ParameterMetadata {
  readonly index: number;
  readonly data?: unknown;
  readonly factory?: (data: unknown, context: ExecutionContext) => unknown;
  readonly pipes?: readonly Enhancer<PipeTransform>[];
  readonly schema?: unknown;
}

const UNDECORATED: readonly ParameterMetadata[] = [0, 1].map((index) => ({
  index,
  factory: (_, context) => context.getArgByIndex(index),
}));

/**
 * The parameters of a handler. The first is the event and the second the context unless they are decorated, whatever
 * the others are. Empty where neither a decorator nor a pipe asks for anything else than the arguments of the call.
 */
export function readParameters(candidate: HandlerCandidate, hasPipes: boolean): readonly HandlerParameter[] {
  const { name, hostClass, methodName, wrapper } = candidate;
  const metadata: unknown = Reflect.getMetadata(ROUTE_ARGUMENTS, hostClass, methodName);
  const decorated = Object.entries((metadata ?? {}) as Record<string, ParameterMetadata>);
  if (decorated.length === 0 && !hasPipes) return [];
  if (decorated.some(([key]) => !key.includes(CUSTOM_DECORATOR))) {
    throw new ScalekitWebhookError(
      'invalid_handler',
      `${name} has a parameter decorator for HTTP routes, such as @Body() or @Req(). A handler is given the event ` +
        'and its context: use @EventData(), @EventContext(), a decorator made with createParamDecorator(), or none.',
    );
  }
  const types: unknown = Reflect.getMetadata('design:paramtypes', prototypeOf(wrapper) ?? {}, methodName);
  const parameters = [...decorated.map(([, parameter]) => parameter), ...UNDECORATED];
  return parameters
    .filter(({ index }, at) => parameters.findIndex((other) => other.index === index) === at)
    .map(({ index, data, factory, pipes = [], schema }) => ({
      index,
      valueFor: (context) => factory?.(data, context),
      pipes,
      metadata: {
        type: 'custom',
        metatype: (types as unknown[] | undefined)?.[index],
        data,
        schema,
      } as ArgumentMetadata,
    }));
}
