import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { useShortcuts } from '../ui/shortcuts.js';

interface Roving {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly rowHeight: number;
  readonly count: number;
  /** -1: none. */
  readonly active: number;
  readonly move: (index: number) => void;
  readonly open: (index: number) => void;
  readonly letGo: () => void;
}

/** One row has the focus; keys move it. */
export function useRoving({ scroller, rowHeight, count, active, move, open, letGo }: Roving): void {
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
  const to = (index: number) => count > 0 && move(Math.max(0, Math.min(count - 1, index)));
  const down = () => to(active + 1);
  const up = () => to(active - 1);
  useShortcuts({
    j: down,
    ArrowDown: down,
    k: up,
    ArrowUp: up,
    PageDown: () => to(active + page),
    PageUp: () => to(active - page),
    Home: () => to(0),
    End: () => to(count - 1),
    Enter: () => active >= 0 && open(active),
    Escape: letGo,
  });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || active < 0) {
      return;
    }
    const top = active * rowHeight;
    element.scrollTop = Math.min(top, Math.max(element.scrollTop, top + rowHeight - element.clientHeight));
    const row = element.querySelector<HTMLElement>('[aria-selected="true"]');
    if (row !== document.activeElement && !document.activeElement?.matches('input, select, button')) {
      row?.focus({ preventScroll: true });
    }
  }, [active, rowHeight]);
}
