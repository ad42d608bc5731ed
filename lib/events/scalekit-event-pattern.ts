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
 * The types that a pattern matches, at compile time what `compileEventPattern()` is at run time: the known ones among
 * them or, if there is none, whatever string has the pattern's shape.
 */
export type TypeMatching<Pattern extends string> = Pattern extends ScalekitEventType
  ? Pattern
  : Pattern extends `${string}*${string}`
    ? ScalekitEventType & Shape<Pattern> extends never
      ? Shape<Pattern>
      : ScalekitEventType & Shape<Pattern>
    : Pattern;

/**
 * `a.*` as a template literal type. `**` means the same as `*`, but two placeholders side by side would want a
 * character between them.
 */
type Shape<Pattern extends string> = Pattern extends `${infer Head}*${infer Tail}`
  ? Tail extends `*${string}`
    ? `${Head}${Shape<Tail>}`
    : `${Head}${string}${Shape<Tail>}`
  : Pattern;
