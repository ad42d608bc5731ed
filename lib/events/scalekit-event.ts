import type { OpenPayload } from './catalogue/open-types.js';
import type { OverviewEvents } from './catalogue/overview.js';
import type { ScalekitEventShape, ScalekitOverviewEvent, ScalekitReferenceEvent } from './event-shapes.js';
import type { ReferenceEvents, ScalekitEventMap, ScalekitEventType } from './scalekit-event-map.js';
import type { ScalekitEventPattern, TypeMatching } from './scalekit-event-pattern.js';

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
export type ScalekitEvent<Pattern extends ScalekitEventPattern = '*'> = EventOf<TypeMatching<Pattern>>;

/**
 * What an event of a type (or of the types that a pattern matches) carries in `data`.
 *
 * @publicApi
 */
export type ScalekitEventData<Pattern extends ScalekitEventPattern = '*'> = DataOf<TypeMatching<Pattern>>;

type EventOf<Type extends string> = Type extends keyof ReferenceEvents
  ? ScalekitReferenceEvent<Type>
  : Type extends keyof OverviewEvents
    ? ScalekitOverviewEvent<Type>
    : ScalekitEventShape<Type, DataOf<Type>>;

type DataOf<Type extends string> = Type extends ScalekitEventType ? ScalekitEventMap[Type] : OpenPayload;
