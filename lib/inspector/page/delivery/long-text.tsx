import { useState } from 'preact/hooks';
import { bytes } from '../ui/format.js';
import { copy, shown } from '../ui/text.js';

const AT_FIRST = 20_000;

/** A text of any size; what is long comes in parts. */
export function LongText({ of, label }: { of: string; label: string }) {
  const [limit, setLimit] = useState(AT_FIRST);
  return (
    <div class="long-text">
      <button type="button" class="copy-all" onClick={() => void copy(of, label)}>
        Copy
      </button>
      {/* It scrolls, so that keys have to reach it. */}
      <pre tabIndex={0} aria-label={label}>
        <bdi>{shown(of.slice(0, limit), limit)}</bdi>
      </pre>
      {of.length > limit && (
        <button type="button" onClick={() => setLimit(limit * 10)}>
          Show more of {bytes(of.length)}
        </button>
      )}
    </div>
  );
}
