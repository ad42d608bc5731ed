import { randomUUID } from 'node:crypto';
import { callsAmong, GAP, KEPT_BUCKETS } from '../idempotency/inspector-log.js';
import type { CountBucket, InspectorLog, InspectorPage, KeptEntry, RecordedEntry } from './inspector.api.js';

/** Keeps the entries of this process. */
export class MemoryInspectorLog implements InspectorLog {
  readonly isShared = false;
  /** Positions of an earlier run of the process are gone. */
  private readonly run = randomUUID().slice(0, 8);
  /** In the order of their positions. An entry that was appended again has left a hole. */
  private readonly kept: (RecordedEntry | undefined)[] = [];
  private readonly buckets = new Map<string, CountBucket>();
  /** The position of the first place in `kept`, and the last one. */
  private first = 1;
  private last = 0;
  private size = 0;
  /** The last position whose entry was dropped. */
  private gone = 0;

  constructor(private readonly capacity: number) {}

  append(entries: readonly RecordedEntry[]): Promise<void> {
    for (const recorded of entries) {
      this.take(recorded);
      recorded.position = ++this.last;
      this.kept.push(recorded);
      this.size++;
    }
    this.dropOldest();
    return Promise.resolve();
  }

  read(after: string | undefined, limit: number): Promise<InspectorPage> {
    const start = after === undefined ? 0 : this.numberOf(after);
    if (start === undefined || (after !== undefined && start < this.gone)) {
      return Promise.resolve(GAP);
    }
    const found = this.recorded(start).slice(0, limit);
    const end = found.at(-1)?.position;
    return Promise.resolve({
      entries: found.map(({ entry }) => entry),
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

  /** Takes an entry out of its place, if it is there. */
  private take({ position = 0 }: RecordedEntry): void {
    const place = position - this.first;
    if (this.kept[place]) {
      this.kept[place] = undefined;
      this.size--;
    }
  }

  private dropOldest(): void {
    let count = 0;
    for (; this.size > this.capacity; count++) {
      if (this.kept[count]) {
        this.size--;
        this.gone = this.first + count;
      }
    }
    this.kept.splice(0, count);
    this.first += count;
  }

  private recorded(after = 0): readonly RecordedEntry[] {
    const from = Math.max(0, after + 1 - this.first);
    return this.kept.slice(from).filter((each) => each !== undefined);
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
