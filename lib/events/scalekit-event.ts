import type { OpenPayload } from './catalogue/open-types.js';
import type { OverviewEvents } from './catalogue/overview.js';
import type { ScalekitEventShape, ScalekitOverviewEvent, ScalekitReferenceEvent } from './event-shapes.js';
import type { ReferenceEvents, ScalekitEventMap, ScalekitEventType } from './scalekit-event-map.js';
import type { KnownTypeMatching, PatternShape, ScalekitEventPattern } from './scalekit-event-pattern.js';

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
