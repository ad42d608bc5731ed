import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { backoffFault, type HandlerOptions, type HandlerRetry, type Subscription } from './event-handler.js';

const MAX_NAME_LENGTH = 128;

// Metadata keys are plain strings, so that the ESM and the CommonJS copy of this package find each other's handlers.
/** On a method: its subscriptions. A mixin that copies the method to another class copies them, too. */
export const SUBSCRIPTIONS = 'nestjs-scalekit-webhooks:subscriptions';
/** On a prototype: its decorated methods by name. A decorator that replaces a method later can't drop them. */
const DECORATED_METHODS = 'nestjs-scalekit-webhooks:decorated-methods';

export type Method = (...args: unknown[]) => unknown;

export interface SubscriptionOptions extends HandlerRetry, Omit<HandlerOptions, 'retry'> {
  readonly endpoint?: string;
  readonly name?: string;
}

/** A method as `@OnScalekitEvent()` found it. */
export interface DecoratedMethod {
  /** The decorated functions, the latest first: several if another decorator replaced the method in between. */
  readonly methods: readonly Method[];
  readonly subscriptions: readonly Subscription[];
}

/** Records a method and its subscriptions. Decorators apply from the bottom up, so the latest goes first. */
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

/** Checks what `@OnScalekitEvent()` was given. */
export function subscriptionTo(
  patterns: readonly string[],
  { endpoint, name, transactional, latestOnly, attempts, backoff }: SubscriptionOptions,
): Subscription {
  if (patterns.length === 0)
    throw invalidSubscription('The list of types is empty. Name at least one, or "*" for all.');
  if (patterns.some(isBlank)) throw invalidSubscription('A type is blank. Name one, or "*" for all.');
  if (endpoint !== undefined && isBlank(endpoint)) {
    throw invalidSubscription('The endpoint is blank. Name one, or leave it out for all.');
  }
  if (name !== undefined && !isName(name)) {
    throw invalidSubscription(
      `name must be 1 to ${MAX_NAME_LENGTH} visible characters, without white space around them.`,
    );
  }
  checkRetry({ attempts, backoff });
  const retry = { ...(attempts !== undefined && { attempts }), ...(backoff && { backoff }) };
  const options = {
    ...(transactional && { transactional }),
    ...(latestOnly && { latestOnly }),
    ...(Object.keys(retry).length > 0 && { retry }),
  };
  return {
    patterns,
    ...(endpoint !== undefined && { endpoint }),
    ...(name !== undefined && { name }),
    ...(Object.keys(options).length > 0 && { options }),
  };
}

function checkRetry({ attempts, backoff }: Record<keyof HandlerRetry, unknown>): void {
  if (attempts !== undefined && !isWholeNumber(attempts, 1)) {
    throw invalidSubscription('attempts must be a whole number from 1.');
  }
  const fault = backoff === undefined || backoff === null ? undefined : backoffFault(backoff);
  if (fault !== undefined) throw invalidSubscription(fault);
}

function isWholeNumber(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

/** Ledger keys separate names by line feeds, and logs are read by people. */
function isName(name: unknown): boolean {
  return (
    typeof name === 'string' &&
    name.length <= MAX_NAME_LENGTH &&
    /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(name) &&
    name.trim() === name
  );
}

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}

export function invalidSubscription(fault: string): ScalekitWebhookError<'invalid_subscription'> {
  return new ScalekitWebhookError('invalid_subscription', `@OnScalekitEvent(): ${fault}`);
}
