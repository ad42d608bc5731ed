import { randomUUID } from 'node:crypto';
import { callsAmong, GAP, KEPT_BUCKETS } from '../idempotency/inspector-log.js';
import type { CountBucket, InspectorLog, InspectorPage, KeptEntry, RecordedEntry } from './inspector.api.js';

interface Kept {
  readonly recorded: RecordedEntry;
  readonly position: number;
}

/** Keeps the entries of this process. */
export class MemoryInspectorLog implements InspectorLog {
  readonly isShared = false;
  /** Positions of an earlier run of the process are gone. */
  private readonly run = randomUUID().slice(0, 8);
  /** By key, the newest last. */
  private readonly kept = new Map<string, Kept>();
  /** Passes each entry that is dropped once: a new iterator would step over the places of all that were dropped before. */
  private oldest: MapIterator<[string, Kept]> | undefined;
  private readonly buckets = new Map<string, CountBucket>();
  private last = 0;
  private gone = 0;

  constructor(private readonly capacity: number) {}

  append(entries: readonly RecordedEntry[]): Promise<void> {
    for (const recorded of entries) {
      this.kept.delete(recorded.key);
      this.kept.set(recorded.key, { recorded, position: ++this.last });
      if (this.kept.size > this.capacity) {
        this.dropOldest();
      }
    }
    return Promise.resolve();
  }

  read(after: string | undefined, limit: number): Promise<InspectorPage> {
    const start = after === undefined ? 0 : this.numberOf(after);
    if (start === undefined || (after !== undefined && start < this.gone)) {
      return Promise.resolve(GAP);
    }
    const found = [...this.kept.values()].filter(({ position }) => position > start).slice(0, limit);
    const end = found.at(-1)?.position;
    return Promise.resolve({
      entries: found.map(({ recorded }) => recorded.entry),
      position: end === undefined ? after : `${this.run}-${end}`,
      isGap: false,
    });
  }

  detail(key: string): Promise<KeptEntry | undefined> {
    const kept = this.kept.get(key);
    return Promise.resolve(kept && toEntry(kept));
  }

  callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]> {
    return Promise.resolve(callsAmong([...this.kept.values()].map(toEntry), endpoint, eventId));
  }

  count(bucket: CountBucket): Promise<void> {
    const { process, at, bucketMs } = bucket;
    this.buckets.set(`${process} ${bucketMs} ${at}`, bucket);
    for (const [key, old] of this.buckets) {
      if (old.bucketMs === bucketMs && old.at <= at - KEPT_BUCKETS * bucketMs) {
        this.buckets.delete(key);
      }
    }
    return Promise.resolve();
  }

  counts(bucketMs: number, since: number): Promise<readonly CountBucket[]> {
    return Promise.resolve(
      [...this.buckets.values()].filter((bucket) => bucket.bucketMs === bucketMs && bucket.at >= since),
    );
  }

  private dropOldest(): void {
    this.oldest ??= this.kept.entries();
    const { value } = this.oldest.next();
    if (value) {
      this.kept.delete(value[0]);
      this.gone = value[1].position;
    }
  }

  private numberOf(position: string): number | undefined {
    const [run, number = ''] = position.split('-');
    return run === this.run && /^\d{1,15}$/.test(number) && Number(number) <= this.last
      ? Number(number)
      : undefined;
  }
}

function toEntry({ recorded: { entry, detail } }: Kept): KeptEntry {
  return { entry, ...(detail && { detail }) };
}
