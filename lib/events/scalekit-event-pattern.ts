import type { ScalekitEventType } from './scalekit-event-map.js';

/**
 * What `@OnScalekitEvent()` listens to: a type, or a pattern in which `*` stands for any run of characters, dots and
 * the empty run included. Any string will do; the known ones are offered.
 *
 * @publicApi
 */
export type ScalekitEventPattern =
  ScalekitEventType | '*' | Family<ScalekitEventType> | UsefulPattern | (string & {});

/**
 * A pattern, or several.
 *
 * A parameter that infers `Patterns extends OneOrMore` is best typed `Patterns | OneOrMore`: by the second half editors
 * know what to offer in a list.
 */
export type OneOrMore = ScalekitEventPattern | readonly ScalekitEventPattern[];

/** The union of all in it. */
export type OneOf<Patterns extends string | readonly string[]> = Patterns extends string
  ? Patterns
  : Patterns[number];

/** `a.b.c` → `a.*` */
type Family<Type extends string> = Type extends `${infer First}.${string}` ? `${First}.*` : never;

/** Patterns that no rule finds, and that people want. */
type UsefulPattern =
  | '*.created'
  | '*.updated'
  | '*.deleted'
  | 'organization.directory.*'
  | 'organization.directory_*'
  | 'organization.directory.user_*'
  | 'organization.directory.group_*'
  | 'organization.domain_*'
  | 'organization.sso_*'
  | 'user.organization_membership_*'
  | 'connected_account.token_refresh_*';

/**
 * The known types that a pattern matches, at compile time what `compileEventPattern()` is at run time, or never if there
 * is none.
 */
export type KnownTypeMatching<Pattern extends string> = Pattern extends `${string}*${string}`
  ? ScalekitEventType & PatternShape<Pattern>
  : never;

/**
 * `a.*` as a template literal type. `**` means the same as `*`, but two placeholders side by side would want a
 * character between them.
 */
export type PatternShape<Pattern extends string> = Pattern extends `${infer Head}*${infer Tail}`
  ? Tail extends `*${string}`
    ? `${Head}${PatternShape<Tail>}`
    : `${Head}${string}${PatternShape<Tail>}`
  : Pattern;

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
