import type { OpenEnum, OpenPayload } from './catalogue/open-types.js';
import type { OverviewEvents } from './catalogue/overview.js';
import type {
  ReferenceEventObjects,
  ReferenceEvents,
  ScalekitEventMap,
  ScalekitEventType,
} from './scalekit-event-map.js';
import {
  compileEventPattern,
  type KnownTypeMatching,
  type OneOf,
  type OneOrMore,
  type PatternShape,
  type ScalekitEventPattern,
} from './scalekit-event-pattern.js';

/**
 * An event, as handlers get it: the parsed body of the delivery, deeply frozen.
 *
 * - `ScalekitEvent<'user.signup'>`: an event of that type.
 * - `ScalekitEvent<'organization.*'>`: the union of the known types that the pattern matches.
 * - `ScalekitEvent<'user.login' | 'user.logout'>`: the union of both.
 * - `ScalekitEvent`: the union of all known types; `switch (event.type)` narrows `data`. Scalekit adds types without
 *   asking, and a handler of `'*'` gets those, too: keep a `default`.
 * - `ScalekitEvent<'something.new'>`: a type that nobody knows has `data: OpenPayload`.
 *
 * @publicApi
 */
export type ScalekitEvent<Pattern extends ScalekitEventPattern = '*'> = Pattern extends ScalekitEventType
  ? EventsByType[Pattern]
  : EventMatching<Pattern>;

/**
 * What an event of a type (or of the types that a pattern matches) carries in `data`.
 *
 * @publicApi
 */
export type ScalekitEventData<Pattern extends ScalekitEventPattern = '*'> = Pattern extends ScalekitEventType
  ? ScalekitEventMap[Pattern]
  : DataMatching<Pattern>;

type EventMatching<Pattern extends string> =
  KnownTypeMatching<Pattern> extends never
    ? ScalekitEventShape<PatternShape<Pattern>, OpenPayload>
    : EventsByType[KnownTypeMatching<Pattern>];

type DataMatching<Pattern extends string> =
  KnownTypeMatching<Pattern> extends never ? OpenPayload : ScalekitEventMap[KnownTypeMatching<Pattern>];

/** Looked up and not worked out, because a lookup costs the compiler the less the more types there are. */
interface EventsByType
  extends
    Readonly<{ [Type in keyof ReferenceEvents]: ScalekitReferenceEvent<Type> }>,
    Readonly<{ [Type in keyof OverviewEvents]: ScalekitOverviewEvent<Type> }>,
    Readonly<{ [Type in TypeOfTheUser]: ScalekitEventShape<Type, ScalekitEventMap[Type]> }> {}

type TypeOfTheUser = Exclude<ScalekitEventType, keyof ReferenceEvents | keyof OverviewEvents>;

// Unions of dozens of events are made here, so the compiler's work counts. The fields that no type parameter reaches
// have interfaces of their own, which are made once and not once for each event; and the others look their types up
// themselves, which happens when somebody asks.

/** Everything beside `type` and `data` that an envelope may have. */
export interface ScalekitEventFields {
  /** Unique to the event, and the same in each retry of its delivery: `evt_…`. Use it as your idempotency key. */
  readonly id: string;
  /** When it happened: RFC 3339, up to nanoseconds. `occurredAtNanos()` reads it without loss. */
  readonly occurred_at?: string;
  /** When it happened, in the short envelope: RFC 3339. */
  readonly created?: string;
  /** The environment it happened in: `env_…`. */
  readonly environment_id?: string;
  /** The organization it happened in, if it happened in one: `org_…`. */
  readonly organization_id?: string;
  /** The kind of thing it happened to. */
  readonly object?: string;
  /** The version of the envelope, as a decimal number. */
  readonly spec_version?: string;
  /** The type, as people read it. */
  readonly display_name?: string;
}

/** The same for the long envelope, where more of it is sure. */
export interface ScalekitReferenceEventFields extends ScalekitEventFields {
  /** When it happened: RFC 3339, up to nanoseconds. `occurredAtNanos()` reads it without loss. */
  readonly occurred_at: string;
  /** The environment it happened in: `env_…`. */
  readonly environment_id: string;
  /** The version of the envelope, as a decimal number. */
  readonly spec_version: string;
}

/**
 * An event, of which no more is sure than what all events have: one of a type that is in neither of Scalekit's two
 * documents.
 *
 * @publicApi
 */
export interface ScalekitEventShape<Type extends string, Data> extends ScalekitEventFields {
  /** What happened. */
  readonly type: Type;
  /** What it happened to. Deeply frozen: handlers share it. */
  readonly data: Data;
}

/**
 * An event of the API reference, in the long envelope.
 *
 * @see https://docs.scalekit.com/apis/ (webhooks)
 *
 * @publicApi
 */
export interface ScalekitReferenceEvent<
  Type extends keyof ReferenceEvents,
> extends ScalekitReferenceEventFields {
  /** What happened. */
  readonly type: Type;
  /** What it happened to. Deeply frozen: handlers share it. */
  readonly data: ReferenceEvents[Type];
  /** The kind of thing it happened to. */
  readonly object: OpenEnum<ReferenceEventObjects[Type]>;
}

/**
 * An event of the webhooks overview, in the short envelope.
 *
 * @see https://www.mintlify.com/scalekit-inc/developer-docs/api/webhooks/overview
 *
 * @publicApi
 */
export interface ScalekitOverviewEvent<Type extends keyof OverviewEvents> extends ScalekitEventFields {
  /** When it happened: RFC 3339. */
  readonly created: string;
  /** What happened. */
  readonly type: Type;
  /** What it happened to. Deeply frozen: handlers share it. */
  readonly data: OverviewEvents[Type];
}

/**
 * Whether an event is of a type, or of one that a pattern matches, or of one of several: narrows the event's type.
 *
 * ```ts
 * if (isScalekitEvent(event, 'organization.directory.user_*')) await sync(event.data);
 * ```
 *
 * A pattern with `*` also matches types that are newer than this package; the narrowed type shows the known ones only.
 *
 * @publicApi
 */
export function isScalekitEvent<const Patterns extends OneOrMore>(
  event: { readonly type: string },
  pattern: Patterns | OneOrMore,
): event is ScalekitEvent<OneOf<Patterns>>;
export function isScalekitEvent(
  event: { readonly type: string },
  pattern: string | readonly string[],
): boolean {
  return [pattern].flat().some((each) => compileEventPattern(each)(event.type));
}
