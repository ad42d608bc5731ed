import { Inject, Injectable, Logger } from '@nestjs/common';
import { extrasOf } from '../idempotency/idempotency-store.extras.js';
import { OpenEndpoints } from '../receive/open-endpoints.js';
import { hasErrorCode, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { messageOf } from '../shared/describe-error.js';
import { RateLimitedLog } from '../shared/rate-limited-log.js';
import type { CountBucket, InspectorLog, InspectorPage, KeptEntry, RecordedEntry } from './inspector.api.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from './inspector.options.js';
import { MemoryInspectorLog } from './memory-inspector.log.js';

const MAX_TROUBLE = 300;

/** The log of the inspector, and what is wrong with it: that of the first endpoint's store, or one in memory. */
@Injectable()
export class InspectorJournal implements InspectorLog {
  /** Why the log could not be used the last time; undefined if it could. */
  trouble: string | undefined;
  readonly warnings = new RateLimitedLog(new Logger('ScalekitWebhook'), 'inspector');
  private chosen: InspectorLog | undefined;
  private missing: string | undefined;

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: Required<InspectorOptions>,
    private readonly endpoints: OpenEndpoints,
  ) {}

  get isShared(): boolean {
    return this.log.isShared;
  }

  append(entries: readonly RecordedEntry[]): Promise<void> {
    return this.ask((log) => log.append(entries));
  }

  read(after: string | undefined, limit: number): Promise<InspectorPage> {
    return this.ask((log) => log.read(after, limit));
  }

  detail(key: string): Promise<KeptEntry | undefined> {
    return this.ask((log) => log.detail(key));
  }

  callsOf(endpoint: string, eventId: string): Promise<readonly KeptEntry[]> {
    return this.ask((log) => log.callsOf(endpoint, eventId));
  }

  count(bucket: CountBucket): Promise<void> {
    return this.ask((log) => log.count(bucket));
  }

  counts(bucketMs: number, since: number): Promise<readonly CountBucket[]> {
    return this.ask((log) => log.counts(bucketMs, since));
  }

  /** Chosen on first use: by then all endpoints are there. */
  private get log(): InspectorLog {
    return (this.chosen ??= this.choose());
  }

  private choose(): InspectorLog {
    const { capacity } = this.options;
    const { namespace, idempotency } = this.endpoints.all[0]?.options ?? {};
    const store = idempotency && extrasOf(idempotency.store);
    return store?.inspection?.({ scope: namespace ?? '', capacity }) ?? new MemoryInspectorLog(capacity);
  }

  /** @throws ScalekitWebhookError `inspector_log` */
  private async ask<T>(work: (log: InspectorLog) => Promise<T>): Promise<T> {
    try {
      const result = await work(this.log);
      this.trouble = this.missing;
      return result;
    } catch (error) {
      if (hasErrorCode(error, 'no_inspector_log')) {
        this.fallBack(error.message);
        return this.ask(work);
      }
      const { cause } = error as { readonly cause?: unknown };
      const text = [error, cause].flatMap((each) => (each === undefined ? [] : messageOf(each))).join(' ');
      this.trouble = text.slice(0, MAX_TROUBLE);
      this.warn("can't be used", this.trouble);
      throw new ScalekitWebhookError('inspector_log', `The log can't be used: ${this.trouble}`, {
        cause: error,
      });
    }
  }

  /** The store has no place for a log, so the inspector shows what this process does. */
  private fallBack(reason: string): void {
    if (this.missing === undefined) {
      this.missing = `Only this process is shown, until its next start. ${reason}`;
      this.chosen = new MemoryInspectorLog(this.options.capacity);
      this.warn('is kept in memory', reason);
    }
  }

  private warn(what: string, reason: string): void {
    this.warnings.warn(
      'inspector_log',
      `The log of the inspector ${what}, deliveries are not affected: ${reason}`,
    );
  }
}
