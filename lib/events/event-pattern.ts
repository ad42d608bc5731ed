import type { OneOf, OneOrMore } from './scalekit-event-pattern.js';
import type { ScalekitEvent } from './scalekit-event.js';

/**
 * Makes a test for the types that a pattern matches. `*` stands for any run of characters, dots and the empty run
 * included; all else stands for itself. A pattern without `*` is compared by `===`.
 *
 * The leftmost place is always right for a piece between two `*`, so nothing is tried twice: no pattern and no type,
 * however made, takes more than one pass.
 */
export function compileEventPattern(pattern: string): (type: string) => boolean {
  const [head = '', ...pieces] = pattern.split('*');
  const tail = pieces.pop();
  if (tail === undefined) return (type) => type === pattern;

  return (type) => {
    if (!type.startsWith(head)) return false;
    let from = head.length;
    for (const piece of pieces) {
      const at = type.indexOf(piece, from);
      if (at === -1) return false;
      from = at + piece.length;
    }
    return type.length - from >= tail.length && type.endsWith(tail);
  };
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
