import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

interface VirtualRowsProps {
  readonly count: number;
  readonly rowHeight: number;
  readonly scroller: RefObject<HTMLElement | null>;
  /** Is rendered wherever it is, because it may have the focus. -1: none. */
  readonly pinned: number;
  readonly row: (index: number) => ComponentChildren;
}

const BEYOND = 6;

/** Renders the rows that are seen, and a few beyond, within the height of all. */
export function VirtualRows({ count, rowHeight, scroller, pinned, row }: VirtualRowsProps) {
  const [seen, setSeen] = useState({ first: 0, many: 40 });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) {
      return;
    }
    const measure = () => {
      const first = Math.floor(element.scrollTop / rowHeight);
      const many = Math.ceil(element.clientHeight / rowHeight) + 1;
      setSeen((last) => (last.first === first && last.many === many ? last : { first, many }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [rowHeight]);

  const from = Math.max(0, Math.min(seen.first, count - seen.many) - BEYOND);
  const to = Math.min(count, seen.first + seen.many + BEYOND);
  const indexes = Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
  if (pinned >= 0 && (pinned < from || pinned >= to)) {
    indexes.push(pinned);
  }
  return (
    <div class="rows" role="presentation" data-rows style={{ height: `${count * rowHeight}px` }}>
      {indexes.map(row)}
    </div>
  );
}
