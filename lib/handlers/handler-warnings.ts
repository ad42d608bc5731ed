import { SCALEKIT_EVENT_TYPES } from '../events/scalekit-event-types.js';
import { nearestEventType } from '../events/nearest-event-type.js';
import type { HandlerCandidate } from './find-handlers.js';

/** How to keep a handler's name the same in every build. */
export const KEEP_NAMES =
  "give the handler a name (@OnScalekitEvent('…', { name: 'user-sync' })), or have the build keep class names " +
  '(keep_classnames of terser and SWC, --keep-names of esbuild)';

/** What the boot warns of: each warning is one line. */
export function warningsOf(candidates: readonly HandlerCandidate[]): string[] {
  return [...candidates.flatMap(unknownTypes), ...madeUpNames(candidates)];
}

function unknownTypes({ name, subscriptions }: HandlerCandidate): string[] {
  return subscriptions
    .flatMap(({ patterns }) => patterns)
    .filter((pattern) => !pattern.includes('*') && !SCALEKIT_EVENT_TYPES.some((type) => type === pattern))
    .map((type) => {
      const nearest = nearestEventType(type, SCALEKIT_EVENT_TYPES);
      const advice = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
      return `${name} listens to "${type}", a type that Scalekit does not document.${advice}`;
    });
}

function madeUpNames(candidates: readonly HandlerCandidate[]): string[] {
  const unnamed = candidates.filter(
    ({ subscriptions }) => subscriptions.length > 0 && subscriptions.every((each) => each.name === undefined),
  );
  const classNames = new Set(unnamed.map(({ hostClass }) => hostClass.name));
  const handlers = unnamed
    .filter(({ hostClass }) => isMadeUp(hostClass.name, classNames))
    .map(({ name }) => name);
  return handlers.length === 0
    ? []
    : [
        `A minifier or bundler seems to have made up the class names of these handlers: ${handlers.join(', ')}. The next ` +
          'build may give such a name to another class: its handler then never runs, or runs twice. To prevent it, ' +
          `${KEEP_NAMES}.`,
      ];
}

/** A minifier's `a`, `e1`, `_a` and `$e`, no name at all, and a bundler's `UserSync2` or `UserSync$1` beside `UserSync`. */
function isMadeUp(className: string, classNames: ReadonlySet<string>): boolean {
  const [, original] = /^(.+?)\$?\d+$/.exec(className) ?? [];
  return className.length <= 2 || (original !== undefined && classNames.has(original));
}
