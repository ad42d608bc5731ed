import { ContextIdFactory } from '@nestjs/core';
import type { ScalekitEnvelope } from '../events/envelope.js';
import type { ScalekitEventContext } from '../events/scalekit-event-context.js';
import { type ContextId, isShared, moduleRefOf } from '../shared/nest-internals.js';
import type { EventHandler } from './event-handler.js';
import { currentMethod, type HandlerCandidate, prototypeOf } from './find-handlers.js';
import { callMethod, callSurrounded, type Surroundings } from './handler-call.js';
import {
  type Enhancer,
  type Enhancers,
  type HandlerParameter,
  instanceOf,
  readEnhancers,
  readParameters,
  refuseSkippedEnhancers,
} from './handler-metadata.js';

type Invoke = EventHandler['invoke'];

/**
 * Makes the function that calls a handler through its guards, interceptors, pipes and filters, as Nest calls a route.
 * Nest's own `ExternalContextCreator` is no use: it adds the global enhancers, finds no controllers, and logs errors
 * with the payload that handlers put in their messages.
 */
export function createInvoker(candidate: HandlerCandidate): Invoke {
  const { wrapper } = candidate;
  const enhancers = readEnhancers(candidate);
  const parameters = readParameters(candidate, enhancers.pipes.length > 0);
  const { guards, interceptors, pipes, filters } = enhancers;
  const all: readonly Enhancer<unknown>[] = [
    guards,
    interceptors,
    pipes,
    filters,
    ...parameters.map((each) => each.pipes),
  ].flat();
  refuseSkippedEnhancers(candidate, all);
  currentMethod(candidate, (wrapper.instance ?? prototypeOf(wrapper)) as object);

  const isPlain = all.length === 0 && parameters.length === 0;
  const surround = isPlain
    ? undefined
    : (contextId?: ContextId) => instancesOf(candidate, enhancers, parameters, contextId);
  return isShared(wrapper)
    ? createStaticInvoker(candidate, surround)
    : createScopedInvoker(candidate, surround);
}

type Surround = (contextId?: ContextId) => Promise<Surroundings>;

function createStaticInvoker(candidate: HandlerCandidate, surround: Surround | undefined): Invoke {
  const instance = candidate.wrapper.instance as object;
  if (!surround) return (...args) => callMethod(candidate, instance, args);
  let surroundings: Promise<Surroundings> | undefined;
  return async (...args) => {
    surroundings ??= surround().catch((error: unknown) => {
      surroundings = undefined;
      throw error;
    });
    return callSurrounded(candidate, instance, args, await surroundings);
  };
}

/**
 * Request-scoped and transient hosts are made anew for each call, with their dependencies. `REQUEST` is then
 * `{ event, context, headers }`: the empty headers are there for context id strategies that were written for HTTP.
 */
function createScopedInvoker(candidate: HandlerCandidate, surround: Surround | undefined): Invoke {
  const { wrapper, name } = candidate;
  const moduleRef = moduleRefOf(wrapper);
  if (!moduleRef) throw new TypeError(`${name} belongs to no module.`);
  return async (event: ScalekitEnvelope, context: ScalekitEventContext, transaction?: unknown) => {
    const request = { event, context, headers: {} };
    const contextId = ContextIdFactory.getByRequest(request) as ContextId & { readonly payload?: unknown };
    const tenant = wrapper.isDependencyTreeDurable() ? contextId.payload : undefined;
    moduleRef.registerRequestByContextId(tenant ?? Object.assign(request, contextId.payload), contextId);
    const instance: object = await moduleRef.resolve(wrapper.token, contextId);
    const args = [event, context, transaction];
    return surround
      ? callSurrounded(candidate, instance, args, await surround(contextId))
      : callMethod(candidate, instance, args);
  };
}

async function instancesOf(
  candidate: HandlerCandidate,
  { guards, interceptors, pipes, filters }: Enhancers,
  parameters: readonly HandlerParameter[],
  contextId: ContextId | undefined,
): Promise<Surroundings> {
  const make = <T>(enhancers: readonly Enhancer<T>[]) =>
    Promise.all(enhancers.map((each) => instanceOf(each, candidate, contextId)));
  return {
    guards: await make(guards),
    interceptors: await make(interceptors),
    filters: await make(filters),
    parameters: await Promise.all(
      parameters.map(async (parameter) => ({
        ...parameter,
        pipes: await make([...pipes, ...parameter.pipes]),
      })),
    ),
  };
}
