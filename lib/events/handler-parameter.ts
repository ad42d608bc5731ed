import type { OpenPayload } from './catalogue/open-types.js';
import type { ScalekitEventContext } from './scalekit-event-context.js';
import type { ScalekitEventMap, ScalekitEventType } from './scalekit-event-map.js';
import type { ScalekitEvent, ScalekitEventData, ScalekitEventShape } from './scalekit-event.js';

/**
 * Whether the first parameter of a handler can take what the events of a pattern bring.
 *
 * Types cannot see parameter decorators, so it may take the event, its data (`@EventData()`) or the context
 * (`@EventContext()`). What takes an event of a type that nobody knows takes every event.
 *
 * Most handlers take the event or just the data, so the compiler is asked for these first.
 */
export type CanTake<Parameter, Pattern extends string> = unknown extends Parameter
  ? true
  : string extends Pattern
    ? CanTake<Parameter, '*'>
    : ScalekitEvent<Pattern> extends Parameter
      ? true
      : IsSame<Parameter, ScalekitEventData<Pattern>> extends true
        ? true
        : ScalekitEventContext extends Parameter
          ? true
          : UnknownEvent extends Parameter
            ? true
            : NonNullable<Parameter> extends NoPayload
              ? false
              : Misfit<ScalekitEventData<Pattern>, NonNullable<Parameter>> extends never
                ? true
                : false;

/** The event of another type, a list, a function. */
type NoPayload =
  ScalekitEventShape<string, object> | readonly unknown[] | ((...parameters: never[]) => unknown);

/** Mapped, because no interface is assignable to a type with an index signature. */
type UnknownEvent = { [Field in keyof UnknownEventShape]: UnknownEventShape[Field] };
type UnknownEventShape = ScalekitEventShape<string, OpenPayload>;

/** Those of the payloads that the parameter cannot take. */
type Misfit<Payload, Parameter> = Payload extends unknown
  ? Fits<Payload, Parameter> extends true
    ? never
    : Payload
  : never;

/**
 * The payloads of the catalogue stand for their own events only: most of their fields are optional, so by structure
 * alone the user of a directory would pass for the directory. All other types are measured by structure.
 */
type Fits<Payload, Parameter> =
  IsAmong<Parameter, Payload> extends true
    ? true
    : [OpenPayload] extends [Payload]
      ? [Parameter] extends [object]
        ? true
        : false
      : true extends NarrowsEach<OutsideCatalogue<Parameter>, Payload>
        ? true
        : false;

type OutsideCatalogue<Parameter> = Parameter extends unknown
  ? IsAmong<ScalekitEventMap[ScalekitEventType], Parameter> extends true
    ? never
    : Parameter
  : never;

type NarrowsEach<Type, Payload> = Type extends unknown ? Narrows<Type, Payload> : never;

type IsAmong<Union, Type> = true extends (Union extends unknown ? IsSame<Union, Type> : never) ? true : false;

/** Two types that differ in optional fields only are assignable to each other: it takes their names, too. */
type IsSame<A, B> = keyof A extends keyof B
  ? keyof B extends keyof A
    ? [A, B] extends [B, A]
      ? true
      : false
    : false
  : false;

/**
 * Whether a value of type `Payload` can turn out to be a `Type`, as it does for a DTO once it is validated. `Type` may
 * insist on fields that `Payload` leaves out or null, allow fewer values, and have methods; but it requires no field
 * that `Payload` does not have, and no value of another kind. What is unknown can be anything. (Without
 * `strictNullChecks`, unknown is assignable to a type of optional fields; but that has fields.)
 */
type Narrows<Type, Payload> = [unknown, keyof Payload] extends [Payload, never]
  ? true
  : NarrowsKnown<NonNullable<Type>, NonNullable<Payload>>;

type NarrowsKnown<Type, Payload> = [Payload] extends [Type]
  ? true
  : [Payload] extends [readonly (infer Item)[]]
    ? [Type] extends [readonly (infer WantedItem)[]]
      ? Narrows<WantedItem, Item>
      : false
    : [Payload] extends [object]
      ? [Type] extends [object]
        ? NarrowsFields<Type, Payload>
        : false
      : [Type] extends [Payload]
        ? true
        : false;

type NarrowsFields<Type, Payload> = [keyof Type & keyof Payload] extends [never]
  ? false
  : false extends { [Field in keyof Type]-?: NarrowsField<Type, Payload, Field> }[keyof Type]
    ? false
    : true;

type NarrowsField<Type, Payload, Field extends keyof Type> = Type[Field] extends (...args: never[]) => unknown
  ? true
  : Field extends keyof Payload
    ? Narrows<Type[Field], Payload[Field]>
    : Partial<Pick<Type, Field>> extends Pick<Type, Field>
      ? true
      : false;
