import {
  callsAmong,
  type CountBucket,
  ENTRIES_KEPT_MS,
  GAP,
  type InspectorEntry,
  type InspectorLog,
  type InspectorLogOptions,
  type InspectorPage,
  isPosition,
  KEPT_BUCKETS,
  type KeptEntry,
  pageAfter,
  type RecordedEntry,
} from '../../idempotency/inspector-log.js';
import { COUNTS_SCRIPT, LOG_SCRIPT } from './inspector-log.script.js';
import { type ExtrasOptions, pairs, type Run, runner } from './redis-extras.js';
import { rowKey } from './row-key.js';

/** These bound how long one script call keeps the server from others: about a millisecond. */
const MAX_ENTRIES_AT_ONCE = 200;
const MAX_ENTRIES_SEARCHED = 1_000;

/** What the inspectors of all processes show: a few keys, all in one slot of a Cluster. */
export class RedisInspectorLog implements InspectorLog {
  readonly isShared = true;
  private readonly runLog: Run;
  private readonly runCounts: Run;
  private readonly key: string;
  private readonly capacity: number;

  constructor(options: ExtrasOptions, { scope, capacity }: InspectorLogOptions) {
    this.capacity = capacity;
    this.key = `${rowKey(options.keyPrefix, scope)}:inspector`;
    this.runLog = runner(options, LOG_SCRIPT);
    this.runCounts = runner(options, COUNTS_SCRIPT);
  }

  async append(entries: readonly RecordedEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += MAX_ENTRIES_AT_ONCE) {
      const rows = entries
        .slice(at, at + MAX_ENTRIES_AT_ONCE)
        .flatMap(({ key, entry, detail }) => [
          key,
          JSON.stringify(entry),
          detail ? JSON.stringify(detail) : '',
        ]);
      await this.log('append', String(this.capacity), String(ENTRIES_KEPT_MS), ...rows);
    }
  }

  async read(after: string | undefined, limit: number): Promise<InspectorPage> {
    if (!isPosition(after)) {
      return GAP;
    }
    const [gone, position, ...found] = await this.log('read', after ?? '0', String(limit));
    const entries = found.map((text) => JSON.parse(text) as InspectorEntry);
    return pageAfter(after, gone ? Number(gone) : undefined, position === '' ? undefined : position, entries);
  }

  async detail(key: string): Promise<KeptEntry | undefined> {
    const [kept] = pairs(await this.log('detail', key)).map(toKept);
    return kept;
  }

  async callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]> {
    const found: KeptEntry[] = [];
    for (let after: string | undefined = '0'; after;) {
      const words = JSON.stringify(eventId);
      const [next, ...rows] = await this.log('search', words, after, String(MAX_ENTRIES_SEARCHED));
      found.push(...pairs(rows).map(toKept));
      after = next;
    }
    return callsAmong(found, endpoint, eventId);
  }

  async count(bucket: CountBucket): Promise<void> {
    const { process, at, bucketMs } = bucket;
    const member = `${at} ${process}`;
    await this.runCounts(this.countKeys(bucketMs), [
      String(at),
      String(KEPT_BUCKETS * bucketMs),
      member,
      JSON.stringify(bucket),
    ]);
  }

  async counts(bucketMs: number, since: number): Promise<readonly CountBucket[]> {
    const found = await this.runCounts(this.countKeys(bucketMs), [String(since)]);
    return found.map((text) => JSON.parse(text) as CountBucket);
  }

  private log(...args: string[]): Promise<string[]> {
    const keys = ['order', 'entries', 'details', 'gone'].map((name) => `${this.key}:${name}`);
    return this.runLog(keys, args);
  }

  private countKeys(bucketMs: number): string[] {
    const key = `${this.key}:counts:${bucketMs}`;
    return [`${key}:order`, key];
  }
}

function toKept([entry, detail]: readonly [string, string]): KeptEntry {
  return {
    entry: JSON.parse(entry) as InspectorEntry,
    ...(detail !== '' && { detail: JSON.parse(detail) as NonNullable<KeptEntry['detail']> }),
  };
}
