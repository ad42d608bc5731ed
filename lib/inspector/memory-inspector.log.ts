import { randomUUID } from 'node:crypto';
import { callsAmong, GAP, KEPT_BUCKETS } from '../idempotency/inspector-log.js';
import { OldestFirstMap } from '../shared/oldest-first.map.js';
import type { CountBucket, InspectorLog, InspectorPage, KeptEntry, RecordedEntry } from './inspector.api.js';

/** Keeps the entries of this process. */
export class MemoryInspectorLog implements InspectorLog {
  readonly isShared = false;
  /** Positions of an earlier run of the process are gone. */
  private readonly run = randomUUID().slice(0, 8);
  /** Each with its position, the newest last. */
  private readonly kept = new OldestFirstMap<RecordedEntry, number>();
  private readonly buckets = new Map<string, CountBucket>();
  private last = 0;
  private gone = 0;

  constructor(private readonly capacity: number) {}

  append(entries: readonly RecordedEntry[]): Promise<void> {
    for (const recorded of entries) {
      this.kept.set(recorded, ++this.last);
      if (this.kept.size > this.capacity) {
        this.gone = this.kept.deleteOldest() ?? this.gone;
      }
    }
    return Promise.resolve();
  }

  read(after: string | undefined, limit: number): Promise<InspectorPage> {
    const start = after === undefined ? 0 : this.numberOf(after);
    if (start === undefined || (after !== undefined && start < this.gone)) {
      return Promise.resolve(GAP);
    }
    const found = [...this.kept.entries()].filter(([, position]) => position > start).slice(0, limit);
    const end = found.at(-1)?.[1];
    return Promise.resolve({
      entries: found.map(([{ entry }]) => entry),
      position: end === undefined ? after : `${this.run}-${end}`,
      isGap: false,
    });
  }

  detail(key: string): Promise<KeptEntry | undefined> {
    const recorded = this.recorded().find((each) => each.key === key);
    return Promise.resolve(recorded && toKept(recorded));
  }

  callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]> {
    return Promise.resolve(callsAmong(this.recorded().map(toKept), endpoint, eventId));
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

  private recorded(): readonly RecordedEntry[] {
    return Array.from(this.kept.entries(), ([recorded]) => recorded);
  }

  private numberOf(position: string): number | undefined {
    const [run, number = ''] = position.split('-');
    return run === this.run && /^\d{1,15}$/.test(number) && Number(number) <= this.last
      ? Number(number)
      : undefined;
  }
}

function toKept({ entry, detail }: RecordedEntry): KeptEntry {
  return { entry, ...(detail && { detail }) };
}
