import { OldestFirstMap } from '../shared/oldest-first.map.js';
import type { Clock } from './clock.js';

/** An event whose handlers failed, or that another process works on: later runs try it again. */
export interface Unfinished {
  readonly id: string;
  readonly type: string;
  /** Unix seconds, rounded down. */
  readonly at: number;
  /** How often its handlers failed. */
  readonly tries: number;
  /** Not before this time, in milliseconds since 1970. */
  readonly notBefore: number;
}

/** Seconds before the second, third … try of an event whose handler failed: the sender's waits, without its first. */
const RETRY_AFTER = [300, 1_800, 7_200, 18_000, 36_000, 36_000];
/** The most unfinished events. A run that would leave more waits for them. */
export const MAX_UNFINISHED = 1_000;

/** The events that earlier runs left unfinished, and what one run changes of them. */
export class UnfinishedEvents {
  /** Events that the run put off, and ids of those that are finished now (undefined). */
  readonly changes = new Map<string, Unfinished | undefined>();
  private readonly open: Set<string>;

  constructor(
    private readonly before: ReadonlyMap<string, Unfinished>,
    private readonly clock: Clock,
  ) {
    this.open = new Set(before.keys());
  }

  get isFull(): boolean {
    return this.open.size >= MAX_UNFINISHED;
  }

  isPutOff(id: string): boolean {
    const entry = this.changes.has(id) ? this.changes.get(id) : this.before.get(id);
    return entry !== undefined && entry.notBefore > this.clock.now();
  }

  /** The entry of an event that is to be tried again at once. */
  entryOf({ id, type, at }: Pick<Unfinished, 'id' | 'type' | 'at'>): Unfinished {
    return { id, type, at, tries: this.before.get(id)?.tries ?? 0, notBefore: this.clock.now() };
  }

  /** Returns false if that was the last try. */
  retryLater({ tries, ...event }: Unfinished, atLeastSeconds = 0): boolean {
    const after = RETRY_AFTER[tries];
    if (after === undefined) {
      return false;
    }
    const notBefore = this.clock.now() + Math.max(after, atLeastSeconds) * 1_000;
    this.putOff({ ...event, tries: tries + 1, notBefore });
    return true;
  }

  putOff(entry: Unfinished): void {
    this.open.add(entry.id);
    this.changes.set(entry.id, entry);
  }

  finish(id: string): void {
    if (this.open.delete(id)) {
      this.changes.set(id, undefined);
    }
  }
}

/** Unfinished events that are at most this many seconds apart are listed in one call. */
const LISTED_TOGETHER = 60;

/** Groups the events whose time has come, oldest first, by what one call to the API can list. */
export function* groupsOfDue(unfinished: Iterable<Unfinished>, now: number) {
  const due = [...unfinished].filter(({ notBefore }) => notBefore <= now).sort((a, b) => a.at - b.at);
  while (due.length > 0) {
    const from = due[0]?.at ?? 0;
    const group = due.splice(0, due.filter(({ at }) => at - from <= LISTED_TOGETHER).length);
    yield {
      from,
      to: (group.at(-1)?.at ?? from) + 1,
      types: [...new Set(group.map(({ type }) => type))],
      entries: new Map(group.map((entry) => [entry.id, entry])),
    };
  }
}

const MAX_REMEMBERED = 20_000;

/** The latest ids that this process knows to be done, so that it does not ask the store again. */
export class DoneIds {
  private readonly ids = new OldestFirstMap<string, true>();

  has(id: string): boolean {
    return this.ids.get(id) === true;
  }

  add(id: string): void {
    this.ids.set(id, true);
    if (this.ids.size > MAX_REMEMBERED) {
      this.ids.deleteOldest();
    }
  }
}
