import { useEffect, useState } from 'preact/hooks';
import { announce } from '../ui/announce.js';
import { EntriesStore } from './entries.store.js';
import { followEntries, type StreamState } from './stream.js';

/** The one store of the page, which all views read. */
export const store = new EntriesStore();

let streamState: StreamState = 'connecting';
const stateListeners = new Set<(state: StreamState) => void>();

export function startFollowing(): void {
  followEntries({
    receive: (entries) => store.receive(entries),
    missed: () => {
      store.forgetRunning();
      announce('Some deliveries may be missing here');
    },
    state: (state) => {
      streamState = state;
      for (const listener of stateListeners) {
        listener(state);
      }
    },
  });
}

/** Renders again when entries have come. */
export function useStore(): EntriesStore {
  const [, setTurn] = useState(0);
  useEffect(() => store.subscribe(() => setTurn((last) => last + 1)), []);
  return store;
}

export function useStreamState(): StreamState {
  const [state, setState] = useState(streamState);
  useEffect(() => {
    setState(streamState);
    stateListeners.add(setState);
    return () => {
      stateListeners.delete(setState);
    };
  }, []);
  return state;
}
