import { MetadataScanner } from '@nestjs/core';
import type { DiscoveryService } from '@nestjs/core';
import { SUBSCRIPTIONS, type Subscription } from './subscription.js';

export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

type Method = (...args: unknown[]) => unknown;
type Prototype = Record<string, Method> & { readonly constructor: Method };

/** A method with `@OnScalekitEvent`, and the provider or controller it was found in. */
export interface HandlerCandidate {
  readonly name: string;
  /** Whose metadata counts: of the instance, which a factory or a value may make of any class. */
  readonly hostClass: object;
  readonly methodName: string;
  readonly method: Method;
  readonly subscriptions: readonly Subscription[];
  readonly wrapper: InstanceWrapper;
}

/** One pass over everything that Nest holds. */
export function* findHandlers(discovery: DiscoveryService): Generator<HandlerCandidate> {
  const scanner = new MetadataScanner();
  for (const wrapper of distinctHosts([...discovery.getProviders(), ...discovery.getControllers()])) {
    const prototype = prototypeOf(wrapper);
    for (const methodName of scanner.getAllMethodNames(prototype)) {
      const { constructor: hostClass, [methodName]: method } = prototype as Prototype;
      const subscriptions = method && readSubscriptions(method);
      if (subscriptions) {
        const name = `${hostClass.name}.${methodName}`;
        yield { name, hostClass, methodName, method, subscriptions, wrapper };
      }
    }
  }
}

/**
 * An instance that several providers share counts once, as the one that Nest built from its class: only for that one
 * it makes the enhancers that the class is decorated with.
 */
function distinctHosts(wrappers: readonly InstanceWrapper[]): Iterable<InstanceWrapper> {
  const hosts = new Map<unknown, InstanceWrapper>();
  for (const wrapper of wrappers.filter(({ isAlias }) => !isAlias)) {
    if (!wrapper.isNotMetatype || !hosts.has(wrapper.instance)) {
      hosts.set(wrapper.instance, wrapper);
    }
  }
  return hosts.values();
}

function prototypeOf({ instance }: InstanceWrapper): object | null {
  return typeof instance === 'object' && instance !== null
    ? (Object.getPrototypeOf(instance) as object | null)
    : null;
}

function readSubscriptions(method: object): readonly Subscription[] | undefined {
  return Reflect.getMetadata(SUBSCRIPTIONS, method) as readonly Subscription[] | undefined;
}
