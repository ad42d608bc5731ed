import type { Row } from '../data/entries.store.js';
import { linkTo } from '../route.js';

/** What the list was when a delivery was opened: the way back, and to its neighbours. */
export const listMemory: {
  link: string;
  activeKey: string | undefined;
  /** Oldest first. */
  rows: readonly Row[];
  isPaused: boolean;
} = { link: linkTo('deliveries'), activeKey: undefined, rows: [], isPaused: false };
