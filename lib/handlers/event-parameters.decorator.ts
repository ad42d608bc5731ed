import { createParamDecorator, HttpException } from '@nestjs/common';
import type { ArgumentMetadata, ExecutionContext, PipeTransform, Type } from '@nestjs/common';

import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { UnrecoverableEventError } from './handler-errors.js';

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
 * DTOs for directory events are in `nestjs-scalekit-webhooks/dto`.
 *
 * The payload is deeply frozen, because handlers share it; with pipes, the parameter is a copy of its own. Pipes see a
 * `body`, so that `ValidationPipe` validates it without `validateCustomDecorators`; what a pipe refuses with a 4xx
 * exception becomes an `UnrecoverableEventError` that names the fields, because retrying can't help.
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

const eventTransaction = createParamDecorator((_: undefined, context: ExecutionContext): unknown => {
  const transaction: unknown = context.getArgByIndex(2);
  if (transaction === undefined) {
    throw new ScalekitWebhookError(
      'no_transaction',
      `${context.getClass().name}.${context.getHandler().name} has an @EventTransaction() parameter, but runs in no ` +
        "transaction. Ask for one: @OnScalekitEvent('…', { transactional: true }).",
    );
  }
  return transaction;
});

/**
 * The transaction in which the event's "done" commits together with what the handler writes through it; for handlers with
 * `{ transactional: true }`. What it is depends on the client that the store was given: with `pg`, a client.
 *
 * @publicApi
 */
export function EventTransaction(): ParameterDecorator {
  return eventTransaction();
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

/**
 * Nest calls whatever a custom decorator gives `custom`, and `ValidationPipe` passes over that in silence. A payload
 * that a pipe refuses will be refused at every retry, too.
 */
function asBodyPipe(pipe: Pipe): Pipe {
  if (typeof pipe !== 'function') {
    return {
      transform: (value: unknown, metadata) =>
        orGiveUp(() => pipe.transform(value, ofBody(metadata)) as unknown),
    };
  }
  class BodyPipe extends pipe {
    override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
      return orGiveUp(() => super.transform(value, ofBody(metadata)) as unknown);
    }
  }
  return Object.defineProperty(BodyPipe, 'name', { value: pipe.name });
}

async function orGiveUp(transform: () => unknown): Promise<unknown> {
  try {
    return await transform();
  } catch (error) {
    throw error instanceof HttpException && error.getStatus() < 500 ? invalidPayload(error) : error;
  }
}

/** Names the fields: `ValidationPipe` lists what is wrong with each. */
function invalidPayload(refusal: HttpException): UnrecoverableEventError {
  const { message } = Object(refusal.getResponse()) as { readonly message?: unknown };
  const faults = Array.isArray(message) ? message.map(String).join('; ') : refusal.message;
  return new UnrecoverableEventError(`The payload is not valid: ${faults}`, { cause: refusal });
}

function ofBody(metadata: ArgumentMetadata): ArgumentMetadata {
  return { ...metadata, type: 'body' };
}
