import type { ArgumentMetadata, ExecutionContext, PipeTransform } from '@nestjs/common';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { CUSTOM_DECORATOR, ROUTE_ARGUMENTS } from '../shared/nest-internals.js';
import { type HandlerCandidate, prototypeOf } from './find-handlers.js';
import type { Enhancer } from './handler-enhancers.js';

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
