import { ContextIdFactory, type ExternalContextCreator, ModuleRef } from '@nestjs/core';
import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import type { EventHandler } from './event-handler.js';
import { currentMethod, forwardTo, type HandlerCandidate, prototypeOf } from './find-handlers.js';
import { createHandlerContext, type Module, refuseSkippedEnhancers } from './handler-host.js';
import { describeParameters, HANDLER_PARAMETERS } from './handler-parameters.js';

/** What `ExecutionContext.getType()` says in the enhancers of a handler. */
export const CONTEXT_TYPE = 'scalekit-webhook';

type Invoke = EventHandler['invoke'];
type ContextId = ReturnType<typeof ContextIdFactory.create>;

/** Every parameter has a decorator made by `createParamDecorator`: Nest asks us for none. */
const NO_HTTP_PARAMETERS = { exchangeKeyForValue: () => undefined };
const ALL_ENHANCERS = { guards: true, interceptors: true, filters: true };

/** Makes the function that calls a handler. */
export function createInvoker(candidate: HandlerCandidate): Invoke {
  const { wrapper } = candidate;
  if (!wrapper.host) {
    throw new TypeError(`${candidate.name} belongs to no module.`);
  }
  refuseSkippedEnhancers(candidate);
  const parametersKey = describeParameters(candidate) ? HANDLER_PARAMETERS : undefined;
  const creator = createHandlerContext(wrapper.host);
  const bind = (instance: object, contextId?: ContextId) =>
    bindTo(creator, candidate, instance, parametersKey, contextId);
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient
    ? bind(wrapper.instance as object)
    : createScopedInvoker(candidate, wrapper.host, bind);
}

function bindTo(
  creator: ExternalContextCreator,
  candidate: HandlerCandidate,
  instance: object,
  parametersKey: string | undefined,
  contextId: ContextId | undefined,
): Invoke {
  const { method, methodName, wrapper } = candidate;
  return creator.create(
    instance,
    currentMethod(candidate, instance) === method ? method : forwardTo(methodName, [method]),
    methodName,
    parametersKey,
    parametersKey === undefined ? undefined : NO_HTTP_PARAMETERS,
    contextId,
    wrapper.id,
    ALL_ENHANCERS,
    CONTEXT_TYPE,
  );
}

/**
 * Request-scoped and transient hosts are made anew for each call, with their dependencies. `REQUEST` is then
 * `{ event, context, headers }`: the empty headers are there for context id strategies that were written for HTTP.
 */
function createScopedInvoker(
  candidate: HandlerCandidate,
  module: Module,
  bind: (instance: object, contextId: ContextId) => Invoke,
): Invoke {
  const { wrapper } = candidate;
  currentMethod(candidate, (wrapper.instance ?? prototypeOf(wrapper)) as object);
  const moduleRef = module.getProviderByKey<ModuleRef>(ModuleRef).instance;
  return async (event: ScalekitEnvelope, context: ScalekitEventContext, transaction?: unknown) => {
    const request = { event, context, headers: {} };
    const contextId = ContextIdFactory.getByRequest(request) as ContextId & { readonly payload?: unknown };
    const tenant = wrapper.isDependencyTreeDurable() ? contextId.payload : undefined;
    moduleRef.registerRequestByContextId(tenant ?? Object.assign(request, contextId.payload), contextId);
    const instance: object = await moduleRef.resolve(wrapper.token, contextId);
    return bind(instance, contextId)(event, context, transaction);
  };
}
