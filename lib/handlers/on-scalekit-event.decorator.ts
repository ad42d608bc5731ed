import 'reflect-metadata';

import type { CanTake } from '../events/handler-parameter.js';
import type { ScalekitEvent } from '../events/scalekit-event.js';
import type { OneOf, OneOrMore } from '../events/scalekit-event-pattern.js';
import type { HandlerRetry } from './event-handler.js';
import {
  invalidSubscription as invalid,
  type Method,
  recordSubscription,
  type SubscriptionOptions,
  subscriptionTo,
} from './subscription.js';

/**
 * Which deliveries a handler takes, beside the types of their events.
 *
 * @publicApi
 */
export interface OnScalekitEventOptions<Pattern extends string = '*'> extends HandlerRetry {
  /**
   * Name of the endpoint whose events to take, for apps with several.
   *
   * @default the events of every endpoint
   */
  readonly endpoint?: string;

  /**
   * The handler's name in the ledger, in jobs and in logs: unique in the application, 1 to 128 characters, no control
   * characters. Without it the name changes with the names of class and method, also where a minifier changes them. A
   * handler with a new name is another handler: it runs for events, still to be retried, that the old one has handled.
   *
   * @default `Class.method`
   */
  readonly name?: string;

  /**
   * Runs the method in a transaction of the store's database, in which its completion is recorded: what it writes
   * through `@EventTransaction()` takes effect exactly once. Needs a store that has transactions, such as
   * `PostgresIdempotencyStore`.
   *
   * @default false
   */
  readonly transactional?: boolean;

  /**
   * Names the thing that the event is about, such as the id of a user. Of the events with the same name the method
   * handles one at a time, and drops one that is older, by all digits of `occurred_at`, than one that it has handled:
   * updates that overtake each other never bring an old state back. Events without a date are always handled.
   * Undefined: no order for this event.
   *
   * ```ts
   * @OnScalekitEvent('organization.directory.user_*', { latestOnly: (event) => event.data.id })
   * ```
   *
   * @default undefined (events are handled as they come)
   */
  readonly latestOnly?: (event: ScalekitEvent<Pattern>) => string | undefined;
}

/**
 * Makes a method of a provider or controller a handler of events.
 *
 * ```ts
 * @OnScalekitEvent('user.created')
 * async onUserCreated(event: ScalekitEvent<'user.created'>, context: ScalekitEventContext) { … }
 *
 * @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.user_updated'])
 * async upsert(@EventData() user: DirectoryUser) { … }
 *
 * @OnScalekitEvent('organization.*')
 * async audit(event: ScalekitEvent<'organization.*'>) { … }
 * ```
 *
 * `*` stands for any run of characters, dots included, and `'*'` for every event, also of types that are not known
 * yet. Several decorators on one method add up; the method runs once for an event, however many of them match.
 *
 * The compiler refuses a method whose first parameter can take neither the matched events, nor their data
 * (`@EventData()`), nor the context (`@EventContext()`). It cannot see what decorates a parameter, so one that takes
 * something else, such as `@EventData('email')` or `@EventTransaction()`, can't be the first: write
 * `(_event: ScalekitEvent<'user.created'>, @EventData('email') email: string)`.
 *
 * @publicApi
 */
export function OnScalekitEvent<const Patterns extends OneOrMore>(
  pattern: Patterns | OneOrMore,
  options?: OnScalekitEventOptions<OneOf<Patterns>>,
): ScalekitEventDecorator<Patterns>;
export function OnScalekitEvent(
  pattern: string | readonly string[],
  options: SubscriptionOptions = {},
): MethodDecorator {
  const subscription = subscriptionTo([pattern].flat(), options);

  return (prototype, name, descriptor: PropertyDescriptor | undefined) => {
    const method = assertMethod(prototype, name, descriptor);
    const { subscriptions } = recordSubscription(prototype, String(name), method, subscription);
    const names = new Set(subscriptions.flatMap((each) => each.name ?? []));
    if (names.size > 1) {
      throw invalid(
        `${describe(prototype, name)} has several names ("${[...names].join('", "')}"). Give it one.`,
      );
    }
  };
}

function assertMethod(prototype: object, name: unknown, descriptor: PropertyDescriptor | undefined): Method {
  if (typeof name !== 'string' && typeof name !== 'symbol') {
    throw invalid(
      'It was called as a standard decorator. Set "experimentalDecorators" in tsconfig.json, as Nest needs.',
    );
  }
  const method: unknown = descriptor?.value;
  if (typeof method !== 'function') {
    throw invalid(`"${String(name)}" is no method. A handler must be one, not a property or an accessor.`);
  }
  const described = describe(prototype, name);
  if (typeof prototype === 'function') {
    throw invalid(
      `${described} is static. A handler is called on the instance of a provider: leave "static" out.`,
    );
  }
  if (typeof name === 'symbol') {
    throw invalid(`${described} is named by a symbol. The ledger knows a handler by its name: use a string.`);
  }
  return method as Method;
}

function describe(prototype: object, name: unknown): string {
  const host = typeof prototype === 'function' ? prototype : prototype.constructor;
  return `${host.name}.${String(name)}`;
}

/**
 * Checks the method that it decorates; also a plain `MethodDecorator`, for `applyDecorators()` and wrappers.
 *
 * @publicApi
 */
export type ScalekitEventDecorator<Patterns extends OneOrMore> = CheckingDecorator<Patterns> &
  MethodDecorator;

type CheckingDecorator<Patterns extends OneOrMore> = <Method>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => Verdict<Method, Patterns>;

/** A decorator that returns anything but nothing or a descriptor is a compile error, which shows what it returns. */
type Verdict<Method, Patterns extends OneOrMore> = Method extends (
  first: infer First,
  ...rest: never[]
) => unknown
  ? CanTake<First, OneOf<Patterns>> extends true
    ? undefined
    : HandlerRefused<
        `the first parameter takes neither the events of ${Listed<Patterns>}, nor their data, nor the context`,
        "for what another decorator gives, as @EventData('email') does, make the event the first parameter"
      >
  : HandlerRefused<'it is no method'>;

/** Why a method cannot be a handler: only ever seen in the compiler's message. */
interface HandlerRefused<Reason extends string, Remedy extends string = 'decorate a method'> {
  readonly reason: Reason;
  readonly remedy: Remedy;
}

type Listed<Patterns extends OneOrMore> = Patterns extends string
  ? `'${Patterns}'`
  : Patterns extends readonly [infer First extends string, ...infer Rest extends readonly string[]]
    ? Rest extends readonly []
      ? `'${First}'`
      : `'${First}' or ${Listed<Rest>}`
    : 'any type';
