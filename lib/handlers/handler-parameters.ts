import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { PIPES, ROUTE_ARGUMENTS } from '../shared/nest-internals.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { HandlerCandidate } from './find-handlers.js';

/** Where the parameters of a handler are described to Nest: the user's decorators and, for the rest, our own. */
export const HANDLER_PARAMETERS = 'nestjs-scalekit-webhooks:parameters';

const CUSTOM_DECORATOR = '__customRouteArgs__';

type Parameters = Record<string, { readonly index: number; readonly pipes?: readonly unknown[] }>;

const argument = createParamDecorator((index: number, context: ExecutionContext): unknown =>
  context.getArgByIndex(index),
);

class Undecorated {
  handle(@argument(0) event: ScalekitEnvelope, @argument(1) context: ScalekitEventContext): unknown[] {
    return [event, context];
  }
}

/**
 * Nest leaves a parameter without a decorator undefined as soon as another one has one. Here the first parameter is
 * the event and the second the context unless they are decorated, whatever the others are. Returns false where Nest
 * may pass the arguments as they are, which is faster.
 */
export function describeParameters({ name, hostClass, methodName, method }: HandlerCandidate): boolean {
  const decorated = decoratedParameters(hostClass, methodName);
  const hasPipes = Reflect.hasMetadata(PIPES, hostClass) || Reflect.hasMetadata(PIPES, method);
  if (Object.keys(decorated).length === 0 && !hasPipes) {
    return false;
  }
  refuseHttpDecorators(name, decorated);
  const taken = new Set(Object.values(decorated).map(({ index }) => index));
  const ours = decoratedParameters(Undecorated, 'handle');
  const free = Object.entries(ours).filter(([, { index }]) => !taken.has(index));
  Reflect.defineMetadata(
    HANDLER_PARAMETERS,
    { ...Object.fromEntries(free), ...decorated },
    hostClass,
    methodName,
  );
  return true;
}

/** The classes of the pipes that parameters are decorated with, and those pipes that are instances. */
export function parameterPipes({ hostClass, methodName }: HandlerCandidate): unknown[] {
  return Object.values(decoratedParameters(hostClass, methodName)).flatMap(({ pipes }) => pipes ?? []);
}

function decoratedParameters(hostClass: object, methodName: string): Parameters {
  return (Reflect.getMetadata(ROUTE_ARGUMENTS, hostClass, methodName) ?? {}) as Parameters;
}

function refuseHttpDecorators(handler: string, decorated: Parameters): void {
  if (Object.keys(decorated).some((key) => !key.includes(CUSTOM_DECORATOR))) {
    throw new ScalekitWebhookError(
      'invalid_handler',
      `${handler} has a parameter decorator for HTTP routes, such as @Body() or @Req(). A handler is given the event ` +
        'and its context: use @EventData(), @EventContext(), a decorator made with createParamDecorator(), or none.',
    );
  }
}
