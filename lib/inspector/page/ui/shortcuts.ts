import { useEffect, useRef } from 'preact/hooks';

/** From a key, as `KeyboardEvent.key` names it, to what it does. */
export type Shortcuts = Readonly<Record<string, () => void>>;

const STORED_AS = 'scalekit-inspector-shortcuts';

/** Single keys can be switched off: whoever dictates sends letters that were never meant (WCAG 2.1.4). */
export function areShortcutsOn(): boolean {
  return localStorage.getItem(STORED_AS) !== 'off';
}

export function switchShortcuts(isOn: boolean): void {
  localStorage.setItem(STORED_AS, isOn ? 'on' : 'off');
}

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const action = latest.current[event.key];
      if (!action || !isForUs(event)) {
        return;
      }
      event.preventDefault();
      action();
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}

function isForUs(event: KeyboardEvent): boolean {
  if (
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    document.querySelector('dialog[open]')
  ) {
    return false;
  }
  const target = event.target as Element;
  if (target.matches('input, select, textarea')) {
    return false;
  }
  const isLetter = event.key.length === 1;
  if (isLetter) {
    return areShortcutsOn();
  }
  // Enter on a button presses the button, and arrows scroll what is not a list.
  return event.key === 'Escape' || target.closest('[data-rows]') !== null;
}
