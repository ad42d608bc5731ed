import type { ScalekitEnvelope } from '../events/envelope.js';
import type { EventHandler } from './event-handler.js';

/** Told of each call of a handler, before it begins. */
export type HandlerWatcher = (handler: string, event: ScalekitEnvelope) => void;

/** Who wants to know when handlers are called, however they are called: at once, or by the worker of a queue. */
export class HandlerWatchers {
  private readonly watchers = new Set<HandlerWatcher>();

  add(watcher: HandlerWatcher): () => void {
    this.watchers.add(watcher);
    return () => {
      this.watchers.delete(watcher);
    };
  }

  watched(handler: string, invoke: EventHandler['invoke']): EventHandler['invoke'] {
    return (...call) => {
      for (const watcher of this.watchers) {
        watcher(handler, call[0]);
      }
      return invoke(...call);
    };
  }
}
