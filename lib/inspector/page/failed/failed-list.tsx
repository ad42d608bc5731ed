import type { FailedAnswer } from '../../inspector.api.js';
import { count, dateOf } from '../ui/format.js';
import { CopyId, Text } from '../ui/text.js';

export type Failed = FailedAnswer['events'][number];

interface FailedListProps {
  readonly events: readonly Failed[];
  readonly act: (kind: 'replay' | 'discard', event: Failed) => void;
}

export function FailedList({ events, act }: FailedListProps) {
  return (
    <ul class="cards">
      {events.map((event) => (
        <li key={JSON.stringify([event.eventId, event.handler])} class="failure">
          <div class="failure-what">
            <h2>
              <Text of={event.handler === '*' ? 'Handlers unknown' : event.handler} />
            </h2>
            <p class="failure-reason">
              <Text of={event.reason} />
            </p>
            <p class="muted failure-ids">
              <Text of={event.type} />
              <CopyId of={event.eventId} label="event id" />
              {event.organizationId && <CopyId of={event.organizationId} label="organization id" />}
            </p>
            <p class="muted">
              {dateOf(event.failedAt)}, after {count(event.attempts, 'attempt')}
            </p>
          </div>
          <div class="failure-actions">
            <button type="button" onClick={() => act('replay', event)}>
              Replay…
            </button>
            <button type="button" class="danger" onClick={() => act('discard', event)}>
              Discard…
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}
