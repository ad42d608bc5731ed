const MAX_LENGTH = 128;

/** How to keep a handler's name the same in every build. */
export const KEEP_NAMES =
  "give the handler a name (@OnScalekitEvent('…', { name: 'user-sync' })), or have the build keep class names " +
  '(keep_classnames of terser and SWC, --keep-names of esbuild)';

/** What is wrong with a name from `@OnScalekitEvent(…, { name })`. Ledger keys separate names by line feeds. */
export function faultOfHandlerName(name: unknown): string | undefined {
  return typeof name === 'string' &&
    name.length <= MAX_LENGTH &&
    /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(name) &&
    name.trim() === name
    ? undefined
    : `name must be 1 to ${MAX_LENGTH} visible characters, without white space around them.`;
}

/**
 * The classes whose names a build probably made up, so that the next build may give them to other classes: a minifier's
 * `a`, `e1`, `_a` and `$e`, no name at all, and what a bundler makes of a second `UserSync`: `UserSync2`, `UserSync$1`.
 */
export function madeUpNames(classNames: Iterable<string>): ReadonlySet<string> {
  const names = new Set(classNames);
  const madeUp = [...names].filter((name) => {
    const [, original] = /^(.+?)\$?\d+$/.exec(name) ?? [];
    return name.length <= 2 || (original !== undefined && names.has(original));
  });
  return new Set(madeUp);
}
