import type { DiscoveryService } from '@nestjs/core';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import {
  EXCEPTION_FILTERS,
  GUARDS,
  type InstanceWrapper,
  INTERCEPTORS,
  isShared,
  PIPES,
} from '../shared/nest-internals.js';
import type { Subscription } from './event-handler.js';
import { decoratedMethod, type DecoratedMethod, decoratedMethodsOf, type Method } from './subscription.js';

/** A method with `@OnScalekitEvent`, and the provider or controller it was found in. */
export interface HandlerCandidate {
  /** What the decorator says, or else `Class.method`. */
  readonly name: string;
  /** The class of the instance, whose metadata counts. A factory or a value may make an instance of any class. */
  readonly hostClass: Method;
  readonly methodName: string;
  /** Holds the metadata of the method. */
  readonly method: Method;
  /** None where a subclass overrides a handler without a decorator of its own. */
  readonly subscriptions: readonly Subscription[];
  readonly wrapper: InstanceWrapper;
}

/** Finds the handlers in one pass over all providers and controllers. */
export function* findHandlers(discovery: DiscoveryService): Generator<HandlerCandidate> {
  for (const wrapper of distinctHosts([...discovery.getProviders(), ...discovery.getControllers()])) {
    const prototype = prototypeOf(wrapper);
    for (const [methodName, { methods, subscriptions }] of prototype ? decoratedMethodsIn(prototype) : []) {
      const hostClass = (prototype as { readonly constructor: Method }).constructor;
      const name =
        subscriptions.find((each) => each.name !== undefined)?.name ?? `${hostClass.name}.${methodName}`;
      const [only, ...others] = methods;
      const method = only && others.length === 0 ? only : forwardTo(methodName, methods);
      yield { name, hostClass, methodName, method, subscriptions, wrapper };
    }
  }
}

/**
 * The function that an instance has under a handler's name. It is not the decorated one where another decorator or the
 * constructor put a wrapper, a getter or a bound function there.
 *
 * @throws if that is no function
 */
export function currentMethod({ hostClass, methodName }: HandlerCandidate, instance: object): Method {
  const place = `${hostClass.name}.${methodName}`;
  let found: unknown;
  try {
    found = Reflect.get(instance, methodName);
  } catch (cause) {
    throw lostMethod(place, 'a getter that throws', cause);
  }
  if (typeof found !== 'function')
    throw lostMethod(place, found === null ? 'null' : `a value of type ${typeof found}`);
  return found as Method;
}

function lostMethod(place: string, found: string, cause?: unknown): ScalekitWebhookError<'invalid_handler'> {
  return new ScalekitWebhookError(
    'invalid_handler',
    `${place} is decorated with @OnScalekitEvent(), but there is ${found} in its place now. Another decorator of the ` +
      'method or of its class, or the constructor, replaced it. Make it put a function there that calls the method.',
    cause === undefined ? {} : { cause },
  );
}

/**
 * Makes a function that calls the method of that name and has the metadata of several functions; the first one's
 * wins.
 */
export function forwardTo(methodName: string, methods: readonly Method[]): Method {
  const forward = function (this: Record<string, Method>, ...args: unknown[]): unknown {
    return this[methodName]?.(...args);
  };
  Object.defineProperty(forward, 'name', { value: methodName });
  for (const method of methods) {
    for (const key of Reflect.getMetadataKeys(method) as unknown[]) {
      const inner: unknown = Reflect.getMetadata(key, method);
      const outer: unknown = Reflect.getMetadata(key, forward);
      Reflect.defineMetadata(key, outer === undefined ? inner : merge(key, inner, outer), forward);
    }
  }
  return forward;
}

/** Guards and the like add up, as they do without a wrapper between them. */
function merge(key: unknown, inner: unknown, outer: unknown): unknown {
  const addsUp = key === GUARDS || key === INTERCEPTORS || key === PIPES || key === EXCEPTION_FILTERS;
  if (!addsUp) return outer;
  const items = outer as readonly unknown[];
  return [...(inner as readonly unknown[]).filter((item) => !items.includes(item)), ...items];
}

/**
 * The decorated methods by name. Of a class and those that it extends, the most derived one with that name decides:
 * where its method is not decorated, it is listed without subscriptions.
 */
function decoratedMethodsIn(prototype: object): ReadonlyMap<string, DecoratedMethod> {
  const chain = prototypeChain(prototype);
  const nameOf = new Map(
    chain.flatMap((owner) =>
      [...decoratedMethodsOf(owner)].flatMap(([name, { methods }]) =>
        methods.map((method): [Method, string] => [method, name]),
      ),
    ),
  );
  const seen = new Set<string>();
  const found = new Map<string, DecoratedMethod>();
  for (const owner of chain) {
    const decorated = decoratedMethodsOf(owner);
    for (const name of new Set([...Object.getOwnPropertyNames(owner), ...decorated.keys()])) {
      const recorded = decorated.get(name);
      if (seen.has(name)) {
        if (recorded && !found.has(name)) found.set(name, { methods: [], subscriptions: [] });
        continue;
      }
      seen.add(name);
      const method = ownMethod(owner, name);
      // A wrapper may keep the method that it replaced under a name of its own: still one handler.
      const copied = method && (nameOf.get(method) ?? name) === name ? decoratedMethod(method) : undefined;
      if (recorded) {
        found.set(name, {
          ...recorded,
          methods: [...new Set([...(method ? [method] : []), ...recorded.methods])],
        });
      } else if (copied) {
        found.set(name, copied);
      }
    }
  }
  return found;
}

/** Whether another object than an instance of the class is provided, such as a test double, and lacks the method. */
export function isLeftOut({ hostClass, methodName, wrapper }: HandlerCandidate): boolean {
  const instance: unknown = wrapper.instance;
  return (
    typeof instance === 'object' &&
    instance !== null &&
    !isOf(hostClass.prototype as object, instance) &&
    typeof Reflect.get(instance, methodName) !== 'function'
  );
}

const isOf = (prototype: object, instance: object): boolean =>
  Object.prototype.isPrototypeOf.call(prototype, instance);

function prototypeChain(prototype: object): object[] {
  const chain: object[] = [];
  for (let each: object | null = prototype; each && each !== Object.prototype;) {
    chain.push(each);
    each = Object.getPrototypeOf(each) as object | null;
  }
  return chain;
}

function ownMethod(owner: object, name: string): Method | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
  return typeof value === 'function' ? (value as Method) : undefined;
}

/**
 * One wrapper for each instance. If several providers share one, that is the wrapper that Nest built from the class:
 * Nest makes the class's enhancers only for that one.
 */
function distinctHosts(wrappers: readonly InstanceWrapper[]): Iterable<InstanceWrapper> {
  const hosts = new Map<unknown, InstanceWrapper>();
  for (const wrapper of wrappers.filter(({ isAlias }) => !isAlias)) {
    const key: unknown = wrapper.instance ?? wrapper;
    if (!wrapper.isNotMetatype || !hosts.has(key)) {
      hosts.set(key, wrapper);
    }
  }
  return hosts.values();
}

/**
 * The prototype that has the decorated methods. Where the token is a class, it tells what a request-scoped factory will
 * make, and what a proxy or a test double without that prototype stands for.
 */
export function prototypeOf(wrapper: InstanceWrapper): object | null {
  const instance: unknown = wrapper.instance;
  const declared = typeof wrapper.token === 'function' ? (wrapper.token.prototype as object | null) : null;
  if (typeof instance !== 'object' || instance === null) {
    return isShared(wrapper) ? null : declared;
  }
  const own = Object.getPrototypeOf(instance) as object | null;
  const isOther = declared !== null && own !== null && !(own === declared || isOf(declared, own));
  return isOther && decoratedMethodsIn(own).size === 0 ? declared : own;
}
