import { announce } from './announce.js';

/** Controls, what turns the direction of writing, and what is not seen: they would make a text look like another one. */
const INVISIBLE = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Makes visible what a sender could hide, and shortens what no list can show. */
export function shown(text: string, limit = 300): string {
  const head =
    text.length > limit ? `${text.slice(0, limit)}… (${text.length.toLocaleString('en')} characters)` : text;
  return head.replace(
    INVISIBLE,
    (letter) => `⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}

/** Text that somebody else wrote. Its direction does not leave it. */
export function Text({ of, class: name = '' }: { of: string | undefined; class?: string }) {
  if (of === undefined || of === '') {
    return <span class="muted">–</span>;
  }
  return (
    <bdi class={name} title={of.length > 12 ? shown(of) : undefined}>
      {shown(of)}
    </bdi>
  );
}

/** An id, with a button that copies it whole. */
export function CopyId({ of, label }: { of: string | undefined; label: string }) {
  if (of === undefined) {
    return <span class="muted">–</span>;
  }
  return (
    <span class="copy-id">
      <Text of={of} class="mono" />
      <button
        type="button"
        class="quiet"
        aria-label={`Copy ${label}`}
        title="Copy"
        onClick={() => void copy(of, label)}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
          <path d="M10.5 3.5v-1h-8v8h1" />
        </svg>
      </button>
    </span>
  );
}

export async function copy(text: string, label: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  announce(`Copied ${label}`);
}

/** The clipboard is there on https and on localhost only. */
function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.className = 'visually-hidden';
  area.value = text;
  document.body.append(area);
  area.select();
  // The only way that is left there.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  document.execCommand('copy');
  area.remove();
}
