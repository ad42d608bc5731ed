/**
 * Whether a value of type `Payload` can turn out to be a `Type`, as it does for a DTO once it is validated. `Type` may
 * insist on fields that `Payload` leaves out or null, allow fewer values, and have methods; but it requires no field
 * that `Payload` does not have, and no value of another kind. What is unknown can be anything. (Without
 * `strictNullChecks`, unknown is assignable to a type of optional fields; but that has fields.)
 */
export type Narrows<Type, Payload> = [unknown, keyof Payload] extends [Payload, never]
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
