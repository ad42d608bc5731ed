import { SCALEKIT_EVENT_TYPES } from '../../events/scalekit-event-types.js';
import { editDistance } from '../../shared/edit-distance.js';

const FARTHEST = 4;

export function isKnownType(type: string): boolean {
  return SCALEKIT_EVENT_TYPES.some((each) => each === type);
}

/** The known types that somebody may have meant. */
export function nearestTypes(type: string): string[] {
  return SCALEKIT_EVENT_TYPES.map((each) => ({
    each,
    distance: editDistance(each, type.slice(0, 100), FARTHEST + 1),
  }))
    .filter((near) => near.distance <= FARTHEST || near.each.includes(type))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ each }) => each);
}
