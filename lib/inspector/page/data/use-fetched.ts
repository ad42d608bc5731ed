import { useCallback, useEffect, useState } from 'preact/hooks';
import { getJson, type Query } from './api.js';

export interface Fetched<T> {
  /** Stays while it is fetched anew. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/** Fetches at once, and every `everyMs` while the page is seen. */
export function useFetched<T>(path: string, query: Query, everyMs?: number): Fetched<T> {
  const [answer, setAnswer] = useState<{ for: string; data?: T; error?: unknown }>();
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((last) => last + 1), []);
  const asked = JSON.stringify([path, query]);

  useEffect(() => {
    const abort = new AbortController();
    getJson<T>(path, query, abort.signal).then(
      (data) => setAnswer({ for: asked, data }),
      (error: unknown) => {
        if (!abort.signal.aborted) {
          setAnswer((last) => ({ ...(last?.for === asked && last), for: asked, error }));
        }
      },
    );
    return () => abort.abort();
  }, [asked, turn]);

  useEffect(() => {
    if (everyMs === undefined) {
      return;
    }
    const timer = setInterval(() => {
      if (!document.hidden) {
        reload();
      }
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  const current = answer?.for === asked ? answer : undefined;
  return { data: current?.data, error: current?.error, reload };
}
