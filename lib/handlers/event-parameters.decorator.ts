import { createParamDecorator } from '@nestjs/common';
import type { ArgumentMetadata, ExecutionContext, PipeTransform, Type } from '@nestjs/common';

import type { ScalekitEventContext } from '../events/scalekit-event-context.js';

type Pipe = Type<PipeTransform> | PipeTransform;

const eventData = createParamDecorator((property: string | undefined, context: ExecutionContext): unknown => {
  const event: { readonly data: Readonly<Record<string, unknown>> } = context.getArgByIndex(0);
  if (property === undefined) return event.data;
  return Object.hasOwn(event.data, property) ? event.data[property] : undefined;
});

const eventContext = createParamDecorator((_: undefined, context: ExecutionContext): ScalekitEventContext =>
  context.getArgByIndex(1),
);

/**
 * The payload of the event, its `data`, or one property of it: for handlers what `@Body()` is for routes.
 *
 * ```ts
 * upsert(@EventData() user: DirectoryUser) { … }
 * upsert(@EventData(new ValidationPipe()) user: DirectoryUserDto) { … }
 * audit(event: ScalekitEvent<'organization.created'>, @EventData('region_code') region?: string) { … }
 * ```
 *
 * The payload is deeply frozen, because handlers share it; with pipes, the parameter is a copy of its own. Pipes see a
 * `body`, so that `ValidationPipe` validates it without `validateCustomDecorators`.
 *
 * @publicApi
 */
export function EventData(property: string, ...pipes: Pipe[]): ParameterDecorator;
export function EventData(...pipes: Pipe[]): ParameterDecorator;
export function EventData(...propertyOrPipes: (string | Pipe)[]): ParameterDecorator {
  const [property] = propertyOrPipes.filter((each) => typeof each === 'string');
  const pipes = propertyOrPipes.filter((each) => typeof each !== 'string').map(asBodyPipe);
  return eventData(property, ...(pipes.length > 0 ? [thaw] : []), ...pipes);
}

/**
 * The `ScalekitEventContext` of the delivery, where it is not the second parameter anyway.
 *
 * @publicApi
 */
export function EventContext(): ParameterDecorator {
  return eventContext();
}

/** `ValidationPipe` and others change in place what they are given: a frozen `__proto__` or `constructor` would throw. */
const thaw: PipeTransform = { transform: (value: unknown): unknown => structuredClone(value) };

/** Nest calls whatever a custom decorator gives `custom`, and `ValidationPipe` passes over that in silence. */
function asBodyPipe(pipe: Pipe): Pipe {
  if (typeof pipe !== 'function') {
    return { transform: (value: unknown, metadata): unknown => pipe.transform(value, ofBody(metadata)) };
  }
  class BodyPipe extends pipe {
    override transform(value: unknown, metadata: ArgumentMetadata): unknown {
      return super.transform(value, ofBody(metadata));
    }
  }
  return Object.defineProperty(BodyPipe, 'name', { value: pipe.name });
}

function ofBody(metadata: ArgumentMetadata): ArgumentMetadata {
  return { ...metadata, type: 'body' };
}
