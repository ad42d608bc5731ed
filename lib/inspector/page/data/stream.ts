import { ENTRIES_EVENT, type InspectorEntry, RESET_EVENT } from '../../inspector.api.js';
import { address } from './api.js';

/**
 * - `connecting`: for the first time
 * - `live`
 * - `lost`: the connection broke, and is made again
 * - `refused`: the application answered something else
 */
export type StreamState = 'connecting' | 'live' | 'lost' | 'refused';

export interface StreamTarget {
  receive(entries: readonly InspectorEntry[]): void;
  /** Some entries were missed; those that are kept come again. */
  missed(): void;
  state(state: StreamState): void;
}

const AGAIN_AFTER_MS = 3000;
/** A change of tabs and back costs no connection. */
const HIDDEN_FOR_MS = 5000;

/**
 * Follows the entries. A browser opens six HTTP/1.1 connections to a host, so a page that is hidden gives its own back,
 * and resumes where it was when it is seen again: any number of tabs works.
 */
export function followEntries(target: StreamTarget): void {
  let source: EventSource | undefined;
  let position: string | undefined;
  let reopening: ReturnType<typeof setTimeout> | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    close();
    const opened = new EventSource(address('entries', { after: position }));
    source = opened;
    opened.onopen = () => target.state('live');
    opened.onerror = () => {
      const isOver = opened.readyState === EventSource.CLOSED;
      target.state(isOver ? 'refused' : 'lost');
      if (isOver && !document.hidden) {
        // By itself it only connects again if the connection broke, not after an answer such as 502.
        reopening = setTimeout(open, AGAIN_AFTER_MS);
      }
    };
    opened.addEventListener(RESET_EVENT, () => target.missed());
    opened.addEventListener(ENTRIES_EVENT, ({ data, lastEventId }: MessageEvent<string>) => {
      position = lastEventId;
      target.receive(JSON.parse(data) as InspectorEntry[]);
    });
  }

  function close(): void {
    clearTimeout(reopening);
    clearTimeout(resting);
    source?.close();
    source = undefined;
  }

  function whenSeen(): void {
    clearTimeout(resting);
    if (document.hidden) {
      resting = setTimeout(close, HIDDEN_FOR_MS);
    } else if (!source || source.readyState === EventSource.CLOSED) {
      open();
    }
  }

  document.addEventListener('visibilitychange', whenSeen);
  // A page in the back-forward cache must not hold a connection.
  addEventListener('pagehide', close);
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) {
      open();
    }
  });
  open();
  whenSeen();
}
