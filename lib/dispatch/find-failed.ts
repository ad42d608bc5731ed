import { compileEventPattern } from '../events/scalekit-event-pattern.js';
import type {
  FailedEvent,
  FailedEventFilter,
  FailedEventPage,
  FailedEventPosition,
  FailedEvents,
} from './event-dispatcher.js';

/**
 * One page of the failed events that pass. Whatever keeps them lists all: they are few, and no query of a server's own
 * has to be written for each filter. Looks on until the page is at least half full, so that no look is for a handful.
 */
export async function findFailed(
  failures: FailedEvents,
  { limit, cursor }: FailedEventPosition,
  filter: FailedEventFilter,
): Promise<FailedEventPage> {
  const passes = filterOf(filter);
  const events: FailedEvent[] = [];
  let next: string | undefined = cursor;
  do {
    const page: FailedEventPage = await failures.failed({ limit: limit - events.length, cursor: next });
    events.push(...page.events.filter(passes));
    next = page.cursor;
  } while (next !== undefined && events.length * 2 < limit);
  return { events, cursor: next };
}

function filterOf({
  type,
  handler,
  organizationId,
  since,
  until,
}: FailedEventFilter): (event: FailedEvent) => boolean {
  const isType = type === undefined ? () => true : compileEventPattern(type);
  return (event) =>
    isType(event.type) &&
    (handler === undefined || event.handler === handler) &&
    (organizationId === undefined || event.organizationId === organizationId) &&
    (since === undefined || event.failedAt >= since) &&
    (until === undefined || event.failedAt < until);
}
