import { hostname } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { OpenEndpoints } from '../receive/open-endpoints.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { within } from '../shared/within.js';
import type { LifecycleObserver } from '../telemetry/lifecycle-observer.js';
import type { DeliveryFacts, HandlerFacts } from '../telemetry/lifecycle.messages.js';
import { Counts } from './counts.js';
import { CallRecord, DeliveryRecord, type RecordOwner } from './entry-records.js';
import { InspectorJournal } from './inspector.journal.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from './inspector.options.js';

const FLUSH_EVERY_MS = 250;
const COUNT_EVERY_MS = 1_000;
/** At shutdown the log may be away. */
const PATIENCE_MS = 2_000;

/** Writes down in batches what this application does. Deliveries wait for nothing of it. */
@Injectable()
export class InspectorRecorder implements LifecycleObserver, RecordOwner {
  readonly process = `${hostname()}:${process.pid}`;
  readonly showsPayloads: boolean;
  readonly since = Date.now();
  readonly application: string;
  readonly counts: Counts;
  /** Changed since the last flush. */
  private noted: (DeliveryRecord | CallRecord)[] = [];
  private lastNumber = 0;
  private countedAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: Required<InspectorOptions>,
    registry: ScalekitWebhookRegistry,
    private readonly endpoints: OpenEndpoints,
    private readonly journal: InspectorJournal,
  ) {
    this.showsPayloads = options.showPayloads;
    this.application = registry.application;
    // Two applications may run in one process.
    this.counts = new Counts(`${this.process}/${this.application}`);
  }

  start(): void {
    for (const { lifecycle } of this.endpoints.all) {
      lifecycle.observer = this;
    }
    this.timer = setInterval(() => {
      this.writing ??= this.write().finally(() => {
        this.writing = undefined;
      });
    }, FLUSH_EVERY_MS).unref();
  }

  /** Writes what is not written yet, unless the log is away. */
  async flush(): Promise<void> {
    this.countedAt = -Infinity;
    await within(
      PATIENCE_MS,
      Promise.resolve(this.writing).then(() => this.write()),
      () => undefined,
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (const { lifecycle } of this.endpoints.all) {
      lifecycle.observer = undefined;
    }
    await this.flush();
  }

  received(facts: DeliveryFacts, request: object): DeliveryRecord {
    return new DeliveryRecord(this, facts, request);
  }

  called(facts: HandlerFacts): CallRecord {
    return new CallRecord(this, facts);
  }

  note(record: DeliveryRecord | CallRecord): void {
    if (!record.isNoted) {
      record.isNoted = true;
      const { capacity } = this.options;
      if (this.noted.push(record) >= 2 * capacity) {
        // The log would drop them.
        settle(this.noted.splice(0, capacity));
      }
    }
  }

  newNumber(): number {
    return ++this.lastNumber;
  }

  private async write(): Promise<void> {
    const records = this.noted;
    this.noted = [];
    // Not by the clock, which may be set back.
    const isCounted = performance.now() - this.countedAt >= COUNT_EVERY_MS;
    if (isCounted) {
      this.countedAt = performance.now();
    }
    try {
      settle(records);
      if (records.length > 0) {
        await this.journal.append(records);
      }
      for (const bucket of isCounted ? this.counts.due() : []) {
        await this.journal.count(bucket);
      }
    } catch {
      // The journal has logged it, and the page says it.
    }
  }
}

function settle(records: readonly (DeliveryRecord | CallRecord)[]): void {
  for (const record of records) {
    record.isNoted = false;
    record.settle();
  }
}
