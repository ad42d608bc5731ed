import { SCALEKIT_EVENT_TYPES } from '../../events/scalekit-event-types.js';

const FARTHEST = 4;

export function isKnownType(type: string): boolean {
  return SCALEKIT_EVENT_TYPES.some((each) => each === type);
}

/** The known types that somebody may have meant. */
export function nearestTypes(type: string): string[] {
  return SCALEKIT_EVENT_TYPES.map((each) => ({ each, distance: distance(each, type.slice(0, 100)) }))
    .filter((near) => near.distance <= FARTHEST || near.each.includes(type))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ each }) => each);
}

/** How many letters have to be changed, added or dropped. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const swap = (row[j] ?? 0) + Number(a[i] !== b[j]);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
