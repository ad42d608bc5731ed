import { useEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../data/entries.store.js';
import { useStore, useStreamState } from '../data/live.js';
import { go, linkTo } from '../route.js';
import { announce } from '../ui/announce.js';
import { useShortcuts } from '../ui/shortcuts.js';
import { Empty, Loading, SendHint } from '../ui/states.js';
import { useMedia } from '../ui/use-media.js';
import { DeliveriesGrid } from './deliveries-grid.js';
import { DeliveryFilters } from './delivery-filters.js';
import { type DeliveryFilter, filtered } from './filter.js';
import { listMemory, useHeldRows } from './list-memory.js';
import { useRoving } from './use-roving.js';

export function DeliveriesView({ query }: { query: DeliveryFilter }) {
  const store = useStore();
  const streamState = useStreamState();
  const [isPaused, setPaused] = useState(listMemory.isPaused);
  const [activeKey, setActiveKey] = useState(listMemory.activeKey);
  const [isScrolled, setScrolled] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const rowHeight = useMedia('(max-width: 760px)') ? 62 : 40;

  const held = useHeldRows(store, isPaused || isScrolled || activeKey !== undefined);
  const { rows, counts } = filtered(held.rows, query);
  const rowAt = (index: number) => rows[rows.length - 1 - index];
  const active = activeKey === undefined ? -1 : indexOf(rows, activeKey);
  const hasEndpoint = new Set(rows.slice(-500).map(({ entry }) => entry.endpoint)).size > 1;

  const open = (row: Row) => {
    Object.assign(listMemory, {
      link: linkTo('deliveries', { ...query }),
      activeKey: row.entry.key,
      rows: [...rows],
      isPaused,
    });
    go(linkTo('delivery', { key: row.entry.key }));
  };
  const letGo = () => {
    setActiveKey(undefined);
    listMemory.activeKey = undefined;
    (document.activeElement as HTMLElement | null)?.blur();
    scroller.current?.scrollTo({ top: 0 });
  };
  const pause = () => {
    setPaused(!isPaused);
    listMemory.isPaused = !isPaused;
    announce(isPaused ? 'The list goes on' : 'The list is paused');
  };
  const resume = () => {
    setPaused(false);
    listMemory.isPaused = false;
    letGo();
  };

  useRoving({
    scroller,
    rowHeight,
    count: rows.length,
    active,
    move: (index) => setActiveKey(rowAt(index)?.entry.key),
    open: (index) => {
      const row = rowAt(index);
      if (row) {
        open(row);
      }
    },
    letGo,
  });
  useShortcuts({ p: pause, '/': () => search.current?.focus() });
  useEffect(() => {
    const element = scroller.current;
    const listener = () => setScrolled((element?.scrollTop ?? 0) > 0);
    element?.addEventListener('scroll', listener, { passive: true });
    return () => element?.removeEventListener('scroll', listener);
  }, [rows.length > 0]);

  return (
    <section class="deliveries" aria-label="Deliveries">
      <DeliveryFilters filter={query} counts={counts} rows={held.rows} search={search} />
      <div class="list-state">
        <span>{rows.length === 1 ? '1 delivery' : `${rows.length.toLocaleString('en')} deliveries`}</span>
        {held.newer > 0 && (
          <button type="button" class="newer" onClick={resume}>
            Show {held.newer.toLocaleString('en')} newer
          </button>
        )}
        <button type="button" class="pause" aria-pressed={isPaused} onClick={pause} title="p">
          {isPaused ? 'Paused' : 'Pause'}
        </button>
      </div>
      {rows.length === 0 ? (
        <NoRows isFiltered={store.rows.length > 0} isConnecting={streamState === 'connecting'} />
      ) : (
        <DeliveriesGrid
          count={rows.length}
          rowAt={rowAt}
          rowHeight={rowHeight}
          active={active}
          hasEndpoint={hasEndpoint}
          scroller={scroller}
          open={open}
          activate={({ entry }) => setActiveKey(entry.key)}
        />
      )}
    </section>
  );
}

function NoRows({ isFiltered, isConnecting }: { isFiltered: boolean; isConnecting: boolean }) {
  if (isConnecting) {
    return <Loading />;
  }
  return isFiltered ? (
    <Empty title="No delivery passes these filters" />
  ) : (
    <Empty title="No delivery has come yet">
      <SendHint />
    </Empty>
  );
}

function indexOf(rows: readonly Row[], key: string): number {
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    if (rows[index]?.entry.key === key) {
      return rows.length - 1 - index;
    }
  }
  return -1;
}
