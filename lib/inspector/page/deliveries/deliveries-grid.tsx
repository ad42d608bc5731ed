import { type RefObject } from 'preact';
import type { Row } from '../data/entries.store.js';
import { VirtualRows } from '../ui/virtual-rows.js';
import { DeliveryRow } from './delivery-row.js';

const COLUMNS = [
  'Time',
  'Outcome',
  'Type',
  'Event',
  'Organization',
  'Endpoint',
  'Handlers',
  'Answer',
] as const;

interface DeliveriesGridProps {
  readonly count: number;
  readonly rowAt: (index: number) => Row | undefined;
  readonly rowHeight: number;
  /** -1: none. */
  readonly active: number;
  readonly hasEndpoint: boolean;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly open: (row: Row) => void;
  readonly activate: (row: Row) => void;
}

export function DeliveriesGrid({
  count,
  rowAt,
  rowHeight,
  active,
  hasEndpoint,
  scroller,
  ...acts
}: DeliveriesGridProps) {
  return (
    <div
      class={hasEndpoint ? 'grid has-endpoint' : 'grid'}
      role="grid"
      aria-label="Deliveries, newest first"
      aria-rowcount={count + 1}
    >
      <div role="row" class="row head" aria-rowindex={1}>
        {COLUMNS.filter((column) => hasEndpoint || column !== 'Endpoint').map((column) => (
          <span key={column} role="columnheader">
            {column}
          </span>
        ))}
      </div>
      <div class="scroller" ref={scroller} role="rowgroup">
        <VirtualRows
          count={count}
          rowHeight={rowHeight}
          scroller={scroller}
          pinned={active}
          // A place keeps its element, and only its text changes: under load all rows move several times a second. A row with
          // the focus does not move, as the list is held then.
          row={(index) => {
            const row = rowAt(index);
            return (
              row && (
                <DeliveryRow
                  key={index}
                  row={row}
                  index={index}
                  top={index * rowHeight}
                  isReachable={index === Math.max(0, active)}
                  isActive={index === active}
                  hasEndpoint={hasEndpoint}
                  {...acts}
                />
              )
            );
          }}
        />
      </div>
    </div>
  );
}
