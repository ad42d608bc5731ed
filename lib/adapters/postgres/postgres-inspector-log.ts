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
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import type { LogStatements } from './inspector-log.sql.js';
import { inAscii, toStoredKey } from './names.js';
import { isSchemaMissing } from './sql-state.js';

/** Sends a statement, bounded in time. */
type Send = <Answer>(name: keyof LogStatements, parameter: unknown) => Promise<Answer>;

/** What the inspectors of all processes show, in two tables beside the store's. */
export class PostgresInspectorLog implements InspectorLog {
  readonly isShared = true;
  private readonly scope: string;
  private readonly capacity: number;
  /** The key of the row that has the last position that has gone. */
  private readonly mark: string;

  constructor(
    private readonly sendAny: Send,
    { scope, capacity }: InspectorLogOptions,
  ) {
    this.scope = toStoredKey(scope);
    this.capacity = capacity;
    this.mark = this.keyOf('');
  }

  async append(entries: readonly RecordedEntry[]): Promise<void> {
    const rows = entries.map(({ key, entry, detail }) => [
      this.keyOf(key),
      inAscii(JSON.stringify(entry)),
      detail && inAscii(JSON.stringify(detail)),
    ]);
    const { scope, capacity, mark } = this;
    await this.send('logAppend', { scope, capacity, mark, keepMs: ENTRIES_KEPT_MS, entries: rows });
  }

  async read(after: string | undefined, limit: number): Promise<InspectorPage> {
    if (!isPosition(after)) {
      return GAP;
    }
    const { scope, mark } = this;
    const { entries, position, gone } = await this.send<{
      readonly entries: readonly InspectorEntry[];
      readonly position: string | null;
      readonly gone: number | null;
    }>('logRead', { scope, mark, after: after ?? '0', limit });
    return pageAfter(after, gone ?? undefined, position ?? undefined, entries);
  }

  async detail(key: string): Promise<KeptEntry | undefined> {
    const [kept] = await this.send<KeptEntry[]>('logDetail', { key: this.keyOf(key) });
    return kept;
  }

  async callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]> {
    const { scope, mark } = this;
    const found = await this.send<KeptEntry[]>('logCalls', {
      scope,
      mark,
      text: inAscii(JSON.stringify(eventId)),
    });
    return callsAmong(found, endpoint, eventId);
  }

  async count(bucket: CountBucket): Promise<void> {
    const { process, at, bucketMs } = bucket;
    const row = {
      scope: this.scope,
      process: toStoredKey(process),
      bucketMs,
      at,
      data: inAscii(JSON.stringify(bucket)),
    };
    await this.send('logCount', { ...row, keepMs: KEPT_BUCKETS * bucketMs });
  }

  async counts(bucketMs: number, since: number): Promise<readonly CountBucket[]> {
    return this.send<CountBucket[]>('logCounts', { scope: this.scope, bucketMs, since });
  }

  /** @throws ScalekitWebhookError (`no_inspector_log`) where the schema is older than this part of the store */
  private async send<Answer>(name: keyof LogStatements, parameter: unknown): Promise<Answer> {
    try {
      return await this.sendAny<Answer>(name, parameter);
    } catch (error) {
      throw isSchemaMissing(error)
        ? new ScalekitWebhookError(
            'no_inspector_log',
            "PostgresIdempotencyStore has no table for the inspector's log: call migrate() of the store when the app starts.",
            { cause: error },
          )
        : error;
    }
  }

  private keyOf(key: string): string {
    return toStoredKey(`${this.scope}\n${key}`);
  }
}
