import type { CallEntry, DeliveryEntry, InspectorEntry } from '../../inspector.api.js';

export interface Row {
  entry: DeliveryEntry;
  /** What the handlers of its event did; shared by all deliveries of the event. */
  calls: EventCalls | undefined;
}

/** The last call of each handler. */
export type EventCalls = Map<string, CallEntry>;

const ROWS = 10_000;

/** What the stream has brought, the newest rows of it. Those who listen are called at most once a frame. */
export class EntriesStore {
  /** Oldest first. */
  readonly rows: Row[] = [];
  /** How many deliveries have ever come. */
  arrived = 0;
  private readonly byKey = new Map<string, Row>();
  private readonly callsByEvent = new Map<string, EventCalls>();
  private readonly listeners = new Set<() => void>();
  private frame = 0;

  receive(entries: readonly InspectorEntry[]): void {
    for (const entry of entries) {
      // A process of another version may have written it: what can't be drawn would be the end of the page.
      if (entry.kind === 'delivery' && Number.isFinite(entry.receivedAt)) {
        this.putDelivery(entry);
      } else if (entry.kind === 'call' && Number.isFinite(entry.startedAt)) {
        this.putCall(entry);
      }
    }
    for (const { entry } of this.rows.splice(0, Math.max(0, this.rows.length - ROWS))) {
      this.byKey.delete(entry.key);
    }
    this.changed();
  }

  /**
   * Something was missed: what is still kept comes again. What has ended stays as it is; what was running may have ended
   * unseen, and is dropped unless it comes again.
   */
  forgetRunning(): void {
    const ended = this.rows.filter(({ entry }) => entry.outcome !== undefined);
    this.rows.splice(0, Infinity, ...ended);
    this.byKey.clear();
    for (const row of ended) {
      this.byKey.set(row.entry.key, row);
    }
    for (const calls of this.callsByEvent.values()) {
      for (const [handler, { stage }] of calls) {
        if (stage === 'running') {
          calls.delete(handler);
        }
      }
    }
    this.changed();
  }

  find(key: string): Row | undefined {
    return this.byKey.get(key);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private putDelivery(entry: DeliveryEntry): void {
    const known = this.byKey.get(entry.key);
    const calls = entry.eventId === undefined ? undefined : this.callsOf(entry.endpoint, entry.eventId);
    if (known) {
      Object.assign(known, { entry, calls });
      return;
    }
    const row: Row = { entry, calls };
    this.byKey.set(entry.key, row);
    this.arrived += 1;
    // What changed last comes last, and may have arrived earlier than its neighbours.
    let at = this.rows.length;
    while (at > 0 && receivedAt(this.rows[at - 1]) > entry.receivedAt) {
      at -= 1;
    }
    this.rows.splice(at, 0, row);
  }

  private putCall(call: CallEntry): void {
    const calls = this.callsOf(call.endpoint, call.eventId);
    const last = calls.get(call.handler);
    if (!last || call.startedAt >= last.startedAt) {
      calls.set(call.handler, call);
    }
  }

  private callsOf(endpoint: string, eventId: string): EventCalls {
    const event = JSON.stringify([endpoint, eventId]);
    let calls = this.callsByEvent.get(event);
    if (!calls) {
      calls = new Map();
      this.callsByEvent.set(event, calls);
      if (this.callsByEvent.size > ROWS) {
        this.callsByEvent.delete(this.callsByEvent.keys().next().value ?? '');
      }
    }
    return calls;
  }

  private changed(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      for (const listener of this.listeners) {
        listener();
      }
    });
  }
}

function receivedAt(row: Row | undefined): number {
  return row?.entry.receivedAt ?? 0;
}
