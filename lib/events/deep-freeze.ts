/**
 * Freezes a parsed JSON value and everything in it. Answers false, with the value only partly frozen, if it nests
 * deeper than `maxDepth`: an object or array is one level, and each object or array directly in it one level more.
 *
 * The recursion stops at `maxDepth`, so keep that far below what the stack holds.
 */
export function deepFreeze(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (maxDepth === 0) return false;

  // From the inside out: V8 lists the values of an object faster before it is frozen.
  const children: unknown[] = Object.values(value);
  for (const child of children) {
    if (!deepFreeze(child, maxDepth - 1)) return false;
  }
  Object.freeze(value);
  return true;
}
