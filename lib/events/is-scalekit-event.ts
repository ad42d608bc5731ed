import { compileEventPattern } from './event-pattern.js';
import type { OneOf, OneOrMore } from './scalekit-event-pattern.js';
import type { ScalekitEvent } from './scalekit-event.js';

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
