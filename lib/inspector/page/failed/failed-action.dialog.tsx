import { useState } from 'preact/hooks';
import type { FailedActionAnswer, FailedAnswer } from '../../inspector.api.js';
import { describe, postJson } from '../data/api.js';
import { useFetched } from '../data/use-fetched.js';
import { announce } from '../ui/announce.js';
import { Dialog } from '../ui/dialog.js';
import { count } from '../ui/format.js';
import { Text } from '../ui/text.js';
import type { Failed } from './failed-list.js';

export interface FailedAction {
  readonly kind: 'replay' | 'discard';
  readonly endpoint: string;
  readonly event: Failed;
}

interface FailedActionDialogProps {
  readonly action: FailedAction;
  readonly close: () => void;
  /** Something has changed on the server. */
  readonly done: () => void;
}

/** Asks before anything runs, and tells what came of it. */
export function FailedActionDialog({ action, close, done }: FailedActionDialogProps) {
  const { kind, endpoint, event } = action;
  const [isAll, setAll] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [result, setResult] = useState<string>();
  const handlers = useHandlersOf(action);

  const run = async () => {
    setBusy(true);
    try {
      const query = { endpoint, id: event.eventId, all: isAll ? 'true' : undefined };
      const { count: many } = await postJson<FailedActionAnswer>(`failed/${kind}`, query);
      const told = resultOf(kind, many);
      setResult(told);
      announce(told);
    } catch (error) {
      setResult(`Nothing was changed for certain. ${describe(error)}`);
    }
    setBusy(false);
    done();
  };

  return (
    <Dialog title={kind === 'replay' ? 'Run this event again?' : 'Forget these failures?'} close={close}>
      <p>
        <Text of={event.type} />, <Text of={event.eventId} class="mono" />
      </p>
      {result === undefined ? (
        <>
          <p>
            {kind === 'replay'
              ? 'These handlers run again:'
              : 'The event is not run again for these handlers:'}
          </p>
          <ul class="plain">
            {handlers.map((handler) => (
              <li key={handler}>
                <Text of={handler === '*' ? 'all handlers of the event' : handler} class="mono" />
              </li>
            ))}
          </ul>
          {kind === 'replay' && (
            <label class="check">
              <input
                type="checkbox"
                checked={isAll}
                onChange={({ currentTarget }) => setAll(currentTarget.checked)}
              />
              Run the handlers that have finished again, too
            </label>
          )}
        </>
      ) : (
        <p class="result">{result}</p>
      )}
      <div class="dialog-actions">
        <button type="button" onClick={close}>
          {result === undefined ? 'Cancel' : 'Close'}
        </button>
        {result === undefined && (
          <button
            type="button"
            class={kind === 'replay' ? 'primary' : 'primary danger'}
            disabled={isBusy}
            onClick={() => void run()}
          >
            {kind === 'replay' ? 'Replay' : 'Discard'}
          </button>
        )}
      </div>
    </Dialog>
  );
}

/** The event may have failed in handlers that the page's filter hides. */
function useHandlersOf({ endpoint, event }: FailedAction): readonly string[] {
  const { data } = useFetched<FailedAnswer>('failed', {
    endpoint,
    type: event.type,
    organization: event.organizationId,
    limit: '1000',
  });
  const others = data?.events.filter(({ eventId }) => eventId === event.eventId) ?? [];
  return [...new Set([event, ...others].map(({ handler }) => handler))];
}

function resultOf(kind: FailedAction['kind'], many: number): string {
  if (many === 0) {
    return 'Nothing is kept of this event any more.';
  }
  return kind === 'replay'
    ? `${count(many, 'handler')} of the event ${many === 1 ? 'was' : 'were'} started again.`
    : `${count(many, 'failure')} ${many === 1 ? 'was' : 'were'} discarded.`;
}
