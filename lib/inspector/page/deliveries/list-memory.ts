import { useRef } from 'preact/hooks';
import type { EntriesStore, Row } from '../data/entries.store.js';
import { linkTo } from '../route.js';

/** What the list was when a delivery was opened: the way back, and to its neighbours. */
export const listMemory: {
  link: string;
  activeKey: string | undefined;
  /** Oldest first. */
  rows: readonly Row[];
  isPaused: boolean;
} = { link: linkTo('deliveries'), activeKey: undefined, rows: [], isPaused: false };

/** While the list is held, its rows are those of the moment it was held at; `newer` deliveries wait. */
export function useHeldRows(store: EntriesStore, isHeld: boolean): { rows: readonly Row[]; newer: number } {
  const held = useRef<{ rows: readonly Row[]; arrived: number } | undefined>(undefined);
  if (!isHeld) {
    held.current = undefined;
    return { rows: store.rows, newer: 0 };
  }
  held.current ??= { rows: store.rows.slice(), arrived: store.arrived };
  return { rows: held.current.rows, newer: store.arrived - held.current.arrived };
}
