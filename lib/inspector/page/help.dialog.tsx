import { useState } from 'preact/hooks';
import { Dialog } from './ui/dialog.js';
import { areShortcutsOn, switchShortcuts } from './ui/shortcuts.js';

const KEYS = [
  ['j  k', 'next and previous row; in a delivery, the one before and after it'],
  ['Enter', 'open the row'],
  ['Esc', 'back to the list; let go of the row'],
  ['p', 'pause and resume the list'],
  ['/', 'search'],
  ['1 … 5', 'the views, from left to right'],
  ['?', 'this help'],
] as const;

export function HelpDialog({ close }: { close: () => void }) {
  const [isOn, setOn] = useState(areShortcutsOn);
  return (
    <Dialog title="Keys" close={close}>
      <dl class="keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              {keys.split('  ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget }) => {
            switchShortcuts(currentTarget.checked);
            setOn(currentTarget.checked);
          }}
        />
        Single letters are shortcuts
      </label>
      <div class="dialog-actions">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
