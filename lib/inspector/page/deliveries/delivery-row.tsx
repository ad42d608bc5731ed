import type { EventCalls, Row } from '../data/entries.store.js';
import { duration, timeOf } from '../ui/format.js';
import { OutcomeChip } from '../ui/outcome.js';
import { Text } from '../ui/text.js';

interface DeliveryRowProps {
  readonly row: Row;
  readonly index: number;
  readonly top: number;
  /** The one row that Tab reaches. */
  readonly isReachable: boolean;
  readonly isActive: boolean;
  readonly hasEndpoint: boolean;
  readonly open: (row: Row) => void;
  readonly activate: (row: Row) => void;
}

export function DeliveryRow({
  row,
  index,
  top,
  isReachable,
  isActive,
  hasEndpoint,
  open,
  activate,
}: DeliveryRowProps) {
  const { entry, calls } = row;
  const isPlain = entry.outcome === undefined || entry.reason === entry.outcome;
  return (
    <div
      role="row"
      class="row"
      aria-rowindex={index + 2}
      aria-selected={isActive}
      tabIndex={isReachable ? 0 : -1}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => activate(row)}
      onClick={() => open(row)}
    >
      <span role="gridcell" class="cell-time">
        <time dateTime={new Date(entry.receivedAt).toISOString()}>{timeOf(entry.receivedAt)}</time>
      </span>
      <span role="gridcell" class="cell-outcome">
        <OutcomeChip of={entry.outcome} /> {!isPlain && <span class="reason">{entry.reason}</span>}
      </span>
      <span role="gridcell" class="cell-type">
        <Text of={entry.type} /> {entry.source === 'catch-up' && <span class="tag">caught up</span>}
      </span>
      <span role="gridcell" class="cell-event">
        <Text of={entry.eventId} class="mono" />
      </span>
      <span role="gridcell" class="cell-organization">
        <Text of={entry.organizationId} class="mono" />
      </span>
      {hasEndpoint && (
        <span role="gridcell" class="cell-endpoint">
          <Text of={entry.endpoint} />
        </span>
      )}
      <span role="gridcell" class="cell-handlers">
        <Calls of={calls} />
      </span>
      <span role="gridcell" class="cell-answer">
        {entry.status !== undefined && <span class="status">{entry.status}</span>}{' '}
        {entry.durationMs !== undefined && <span class="muted">{duration(entry.durationMs)}</span>}
      </span>
    </div>
  );
}

/** Each handler by how its last call ended. */
function Calls({ of }: { of: EventCalls | undefined }) {
  if (!of || of.size === 0) {
    return <span class="muted">–</span>;
  }
  const stages = [...of.values()].map(({ stage }) => stage);
  const many = (stage: (typeof stages)[number]) => stages.filter((each) => each === stage).length;
  const parts = [
    ['given_up', many('given_up'), 'gave up'],
    ['failed', many('failed'), 'failed'],
    ['running', many('running'), 'running'],
    ['completed', many('completed'), 'done'],
  ] as const;
  return (
    <>
      {parts
        .filter(([, sum]) => sum > 0)
        .map(([stage, sum, word]) => (
          <span key={stage} class={`calls is-${stage}`}>
            {sum} {word}{' '}
          </span>
        ))}
    </>
  );
}
