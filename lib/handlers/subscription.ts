import type { HandlerOptions } from './handler-options.js';

// Metadata keys are plain strings, so that the ESM and the CommonJS copy of this package find each other's handlers.
/** On a method: its subscriptions. A mixin that copies the method to another class copies them, too. */
export const SUBSCRIPTIONS = 'nestjs-scalekit-webhooks:subscriptions';
/** On a prototype: its decorated methods by name. A decorator that replaces a method later can't drop them. */
const DECORATED_METHODS = 'nestjs-scalekit-webhooks:decorated-methods';

export type Method = (...args: unknown[]) => unknown;

/** What one `@OnScalekitEvent()` asks for. */
export interface Subscription {
  /** Exact types, or patterns with `*`. At least one; the method runs once for an event, however many of them match. */
  readonly patterns: readonly string[];

  /** Only events of the endpoint with this name; of every endpoint if left out. */
  readonly endpoint?: string;

  /** The handler's name; `Class.method` if no subscription of the method has one. */
  readonly name?: string;

  /** How the method is run for these events. */
  readonly options?: HandlerOptions;
}

/** A method as `@OnScalekitEvent()` found it. */
export interface DecoratedMethod {
  /** What was decorated. Several functions if another decorator replaced the method in between; the latest first. */
  readonly methods: readonly Method[];
  readonly subscriptions: readonly Subscription[];
}

/** Writes down a method and its subscriptions. Decorators apply from the bottom up, so the latest goes first. */
export function recordSubscription(
  prototype: object,
  name: string,
  method: Method,
  subscription: Subscription,
): DecoratedMethod {
  const decorated = new Map(decoratedMethodsOf(prototype));
  const { methods, subscriptions } = decorated.get(name) ?? { methods: [], ...decoratedMethod(method) };
  const recorded = {
    methods: [...new Set([method, ...methods])],
    subscriptions: [subscription, ...(subscriptions ?? [])],
  };
  Reflect.defineMetadata(DECORATED_METHODS, decorated.set(name, recorded), prototype);
  Reflect.defineMetadata(SUBSCRIPTIONS, recorded.subscriptions, method);
  return recorded;
}

/** The methods that were decorated in this very class, not in one that it extends. */
export function decoratedMethodsOf(prototype: object): ReadonlyMap<string, DecoratedMethod> {
  const decorated: unknown = Reflect.getOwnMetadata(DECORATED_METHODS, prototype);
  return (decorated as ReadonlyMap<string, DecoratedMethod> | undefined) ?? new Map();
}

/** A decorated method that came to its class in another way, such as a mixin. */
export function decoratedMethod(method: Method): DecoratedMethod | undefined {
  const subscriptions: unknown = Reflect.getMetadata(SUBSCRIPTIONS, method);
  return subscriptions === undefined
    ? undefined
    : { methods: [method], subscriptions: subscriptions as readonly Subscription[] };
}
