import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { PIPES, ROUTE_ARGUMENTS } from '../nest-metadata.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { HandlerCandidate } from './handler-candidate.js';

/** Where the parameters of a handler are described to Nest: the user's decorators and, for the rest, our own. */
export const HANDLER_PARAMETERS = 'nestjs-scalekit-webhooks:parameters';

const CUSTOM_DECORATOR = '__customRouteArgs__';

type Parameters = Record<string, { readonly index: number }>;

const argument = createParamDecorator((index: number, context: ExecutionContext): unknown =>
  context.getArgByIndex(index),
);

class Undecorated {
  handle(@argument(0) _event: ScalekitEnvelope, @argument(1) _context: ScalekitEventContext): void {
    // Only its parameters' metadata matters.
  }
}

/**
 * Nest leaves a parameter without a decorator undefined as soon as another one has one. Here the first such is the
 * event and the second the context, whatever the others are. Returns false where Nest may pass the arguments as they
 * are, which is faster.
 */
export function describeParameters({ name, methodName, method, wrapper }: HandlerCandidate): boolean {
  const host = classOf(wrapper.instance ?? wrapper.metatype?.prototype);
  const decorated = (Reflect.getMetadata(ROUTE_ARGUMENTS, host, methodName) ?? {}) as Parameters;
  const hasPipes = Reflect.hasMetadata(PIPES, host) || Reflect.hasMetadata(PIPES, method);
  if (Object.keys(decorated).length === 0 && !hasPipes) {
    return false;
  }
  refuseHttpDecorators(name, decorated);
  const taken = new Set(Object.values(decorated).map(({ index }) => index));
  const ours = Reflect.getMetadata(ROUTE_ARGUMENTS, Undecorated, 'handle') as Parameters;
  const free = Object.entries(ours).filter(([, { index }]) => !taken.has(index));
  Reflect.defineMetadata(HANDLER_PARAMETERS, { ...Object.fromEntries(free), ...decorated }, host, methodName);
  return true;
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

function classOf(instance: object): object {
  return (Object.getPrototypeOf(instance) as object).constructor;
}
