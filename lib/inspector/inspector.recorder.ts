import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { hostname } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { OpenEndpoints } from '../receive/open-endpoints.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { within } from '../shared/within.js';
import {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerFacts,
  type HandlerMessage,
} from '../telemetry/lifecycle.messages.js';
import type { LifecycleWitness, WitnessedDelivery } from '../telemetry/lifecycle-witness.js';
import { placeOf } from './answer-times.js';
import { Counts } from './counts.js';
import { CallRecord, DeliveryRecord } from './entry-records.js';
import { InspectorJournal } from './inspector.journal.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from './inspector.options.js';

const FLUSH_EVERY_MS = 250;
const COUNT_EVERY_MS = 1_000;
/** At shutdown the log may be away. */
const PATIENCE_MS = 2_000;

/** Writes down what the lifecycle channels tell of this application, in batches. Deliveries wait for nothing of it. */
@Injectable()
export class InspectorRecorder implements LifecycleWitness {
  private readonly process = `${hostname()}:${process.pid}`;
  private readonly application: string;
  private readonly counts: Counts;
  /** Those that are not answered. A route of the user's own may never answer one. */
  private readonly deliveries = new Map<DeliveryFacts, DeliveryRecord>();
  private readonly calls = new Map<HandlerFacts, CallRecord>();
  /** Since the last flush, the newest ones: the log would drop the others. */
  private readonly changed = new Set<DeliveryRecord | CallRecord>();
  private lastKey = 0;
  private countedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: Required<InspectorOptions>,
    registry: ScalekitWebhookRegistry,
    private readonly endpoints: OpenEndpoints,
    private readonly journal: InspectorJournal,
  ) {
    this.application = registry.application;
    // Two applications may run in one process.
    this.counts = new Counts(`${this.process}/${this.application}`);
  }

  start(): void {
    subscribe(DELIVERY_CHANNEL, this.onDelivery);
    subscribe(HANDLER_CHANNEL, this.onCall);
    for (const { lifecycle } of this.endpoints.all) {
      lifecycle.witness = this;
    }
    this.timer = setInterval(() => {
      this.writing ??= this.write().finally(() => {
        this.writing = undefined;
      });
    }, FLUSH_EVERY_MS).unref();
  }

  /** Writes what is not written yet, unless the log is away. */
  async flush(): Promise<void> {
    this.countedAt = 0;
    await within(
      PATIENCE_MS,
      Promise.resolve(this.writing).then(() => this.write()),
      () => undefined,
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    unsubscribe(DELIVERY_CHANNEL, this.onDelivery);
    unsubscribe(HANDLER_CHANNEL, this.onCall);
    for (const { lifecycle } of this.endpoints.all) {
      lifecycle.witness = undefined;
    }
    await this.flush();
  }

  received(facts: DeliveryFacts, request: object): void {
    const record = new DeliveryRecord(this.newKey(), this.process, facts, request);
    this.deliveries.set(facts, record);
    dropOldest(this.deliveries, this.options.capacity);
    this.note(record);
  }

  verified(facts: DeliveryFacts, { event, rawBody, proof }: WitnessedDelivery): void {
    const record = this.deliveries.get(facts);
    if (!record) {
      return;
    }
    record.verify(rawBody.length, proof, this.options.showPayloads ? event : undefined);
    const { position, of } = record.secret;
    const { endpoint } = facts;
    this.counts.add(endpoint, 'secret', `${position}/${of}`);
    if (record.clockMs !== undefined) {
      this.counts.add(endpoint, 'clock', Math.round(record.clockMs / 1_000));
    }
  }

  failed(call: HandlerFacts, error: unknown, event: object): void {
    this.calls.get(call)?.fail(error, event);
  }

  private readonly onDelivery = (message: unknown) => {
    const { stage, delivery } = message as DeliveryMessage;
    const record = this.deliveries.get(delivery);
    if (!record) {
      return;
    }
    record.reach(stage);
    if (stage === 'answered') {
      this.deliveries.delete(delivery);
      this.countAnswer(delivery);
    }
    this.note(record);
  };

  private countAnswer(delivery: DeliveryFacts): void {
    const { endpoint, source, outcome = 'failed', type, scheme, durationMs = 0 } = delivery;
    this.counts.add(endpoint, 'outcome', outcome);
    if (source === 'webhook') {
      this.counts.add(endpoint, 'ms', placeOf(durationMs));
    }
    if (type !== undefined) {
      this.counts.add(endpoint, 'type', type);
    }
    if (scheme !== undefined) {
      this.counts.add(endpoint, 'scheme', scheme);
    }
  }

  private readonly onCall = (message: unknown) => {
    const { stage, call } = message as HandlerMessage;
    if (call.application !== this.application) {
      return;
    }
    if (stage === 'start') {
      this.calls.set(call, new CallRecord(this.newKey(), this.process, call));
      dropOldest(this.calls, this.options.capacity);
    }
    const record = this.calls.get(call);
    if (record) {
      record.reach(stage);
      this.note(record);
    }
  };

  private note(record: DeliveryRecord | CallRecord): void {
    this.changed.add(record);
    dropOldest(this.changed, this.options.capacity);
  }

  private async write(): Promise<void> {
    const records = [...this.changed];
    this.changed.clear();
    for (const [call, record] of this.calls) {
      if (record.hasEnded) {
        this.calls.delete(call);
      }
    }
    const isCounted = Date.now() - this.countedAt >= COUNT_EVERY_MS;
    if (isCounted) {
      this.countedAt = Date.now();
    }
    try {
      if (records.length > 0) {
        await this.journal.append(records.map((record) => record.toKept()));
      }
      for (const bucket of isCounted ? this.counts.due() : []) {
        await this.journal.count(bucket);
      }
    } catch {
      // The journal has logged it, and the page says it.
    }
  }

  private newKey(): string {
    this.lastKey++;
    return `${this.application}.${this.lastKey.toString(36)}`;
  }
}

function dropOldest(kept: Map<unknown, unknown> | Set<unknown>, capacity: number): void {
  if (kept.size > capacity) {
    for (const oldest of kept.keys()) {
      kept.delete(oldest);
      return;
    }
  }
}
