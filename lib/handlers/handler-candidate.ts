import { MetadataScanner } from '@nestjs/core';
import type { DiscoveryService } from '@nestjs/core';
import { SUBSCRIPTIONS, type Subscription } from './subscription.js';

export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method with `@OnScalekitEvent`, and the provider or controller it was found in. */
export interface HandlerCandidate {
  readonly name: string;
  readonly className: string;
  readonly methodName: string;
  readonly method: (...args: unknown[]) => unknown;
  readonly subscriptions: readonly Subscription[];
  readonly wrapper: InstanceWrapper;
  readonly isController: boolean;
}

/** One pass over everything that Nest holds. */
export function* findHandlers(discovery: DiscoveryService): Generator<HandlerCandidate> {
  const scanner = new MetadataScanner();
  const seen = new Set<unknown>();
  for (const [wrappers, isController] of [
    [discovery.getProviders(), false],
    [discovery.getControllers(), true],
  ] as const) {
    for (const wrapper of wrappers) {
      const prototype = prototypeOf(wrapper);
      if (!prototype || wrapper.isAlias || seen.has(wrapper.instance)) {
        continue;
      }
      seen.add(wrapper.instance);
      const className = prototype.constructor.name;
      for (const methodName of scanner.getAllMethodNames(prototype)) {
        const method = (prototype as Record<string, unknown>)[methodName] as HandlerCandidate['method'];
        const subscriptions = Reflect.getMetadata(SUBSCRIPTIONS, method) as
          readonly Subscription[] | undefined;
        if (subscriptions) {
          const name = `${className}.${methodName}`;
          yield { name, className, methodName, method, subscriptions, wrapper, isController };
        }
      }
    }
  }
}

/** Of the instance where there is one: a factory or a value may be of any class. */
function prototypeOf({ instance, metatype, inject }: InstanceWrapper): object | undefined {
  if (typeof instance === 'object' && instance !== null) {
    return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
  }
  return typeof metatype === 'function' && !inject ? (metatype.prototype as object | undefined) : undefined;
}
