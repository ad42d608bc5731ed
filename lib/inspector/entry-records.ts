import { noteArrival } from '../answers/answers.js';
import { describeError } from '../shared/describe-error.js';
import type { CallObserver, DeliveryObserver, ObservedDelivery } from '../telemetry/lifecycle-observer.js';
import type { DeliveryFacts, HandlerFacts, HandlerMessage } from '../telemetry/lifecycle.messages.js';
import type { Counts } from './counts.js';
import { placeOf } from './inspector-stats.js';
import type { CallEntry, DeliveryEntry, EntryDetail, RecordedEntry } from './inspector.api.js';
import { keptHeaders, payloadText, shownHeaders } from './shown-content.js';

/** Ids of the envelope have at most 256 characters; others are what a sender makes of them. */
const MAX_ID = 256;
const MAX_ERROR = 16_000;

/** The recorder, as its records see it. */
export interface RecordOwner {
  readonly process: string;
  readonly application: string;
  readonly showsPayloads: boolean;
  /** Milliseconds since 1970. Times that are counted from it are small numbers, which take no memory of their own. */
  readonly since: number;
  readonly counts: Counts;
  newNumber(): number;
  /** Has a record written soon that has changed. */
  note(record: DeliveryRecord | CallRecord): void;
}

/**
 * What is known of a delivery. Its entry is made when somebody reads it: of most deliveries nobody does, and each object
 * that is kept costs the garbage collector as much as what it takes to make it.
 */
export class DeliveryRecord implements DeliveryObserver, RecordedEntry {
  isNoted = false;
  position: number | undefined;
  private readonly number: number;
  private readonly beganAt: number;
  private readonly readAt: number;
  private verifiedAt: number | undefined;
  private claimedAt: number | undefined;
  private size: number | undefined;
  /** The position of the secret that verified the delivery, of so many. */
  private secret: number | undefined;
  private secrets = 1;
  private clockMs: number | undefined;
  private isCounted = false;
  private event: object | undefined;
  private payload: string | undefined;
  /** Until the answer those of the request: not the request itself, which holds on to its connection. */
  private headers: unknown;
  private kept: string | undefined;

  constructor(
    private readonly owner: RecordOwner,
    private readonly facts: DeliveryFacts,
    request: { readonly headers?: unknown; readonly body?: unknown },
  ) {
    this.number = owner.newNumber();
    this.beganAt = noteArrival(request);
    this.readAt = this.passed();
    const { headers, body } = request;
    this.headers = headers;
    this.size = body instanceof Uint8Array ? body.length : undefined;
    owner.note(this);
  }

  verified({ event, rawBody, proof }: ObservedDelivery): void {
    this.size = rawBody.length;
    this.event = this.owner.showsPayloads ? event : undefined;
    const { secret, timestamp } = proof ?? {};
    this.secret = secret?.position ?? 0;
    this.secrets = secret?.of ?? 1;
    if (timestamp !== undefined) {
      // Signed times are whole seconds: half of one is the best guess.
      this.clockMs = timestamp * 1_000 + 500 - Date.now();
    }
    this.verifiedAt = this.passed();
    this.owner.note(this);
  }

  claimed(): void {
    this.claimedAt = this.passed();
    this.owner.note(this);
  }

  answered(): void {
    this.owner.note(this);
  }

  /**
   * Counts the delivery, and makes the texts that are kept of the request's headers and of the event. Called for the
   * records of a quarter of a second in a row, because that takes less time than at each answer.
   */
  settle(): void {
    if (this.event) {
      this.payload = payloadText(this.event);
      this.event = undefined;
    }
    if (this.facts.outcome && !this.isCounted) {
      this.isCounted = true;
      this.kept = keptHeaders(this.headers);
      this.headers = undefined;
      this.count();
    }
  }

  private count(): void {
    const { source, endpoint, outcome, type, scheme, durationMs = 0 } = this.facts;
    this.owner.counts.add(endpoint, {
      outcome,
      ms: source === 'webhook' ? placeOf(durationMs) : undefined,
      type,
      scheme,
      secret: this.secret === undefined ? undefined : `${this.secret}/${this.secrets}`,
      clock: this.clockMs === undefined ? undefined : Math.round(this.clockMs / 1_000),
    });
  }

  get key(): string {
    return keyOf(this.owner, this.number);
  }

  get entry(): DeliveryEntry {
    const { application: _, organizationId, deliveryId, durationMs, ...facts } = this.facts;
    return {
      kind: 'delivery',
      key: this.key,
      process: this.owner.process,
      ...facts,
      organizationId: organizationId?.slice(0, MAX_ID),
      deliveryId: deliveryId?.slice(0, MAX_ID),
      durationMs: durationMs && hundredths(durationMs) / 100,
      readMs: inMs(this.readAt),
      verifiedMs: inMs(this.verifiedAt),
      claimedMs: inMs(this.claimedAt),
    };
  }

  get detail(): EntryDetail {
    const { headers, kept, size, secret, clockMs, payload } = this;
    return { headers: shownHeaders(kept ?? keptHeaders(headers)), size, secret, clockMs, payload };
  }

  /** Since the arrival, in hundredths of a millisecond: a small whole number takes no memory of its own. */
  private passed(): number {
    return hundredths(performance.now() - this.beganAt);
  }
}

const STAGES = { start: 'running', end: 'completed', failed: 'failed', given_up: 'given_up' } as const;

/** What is known of a handler's call. */
export class CallRecord implements CallObserver, RecordedEntry {
  isNoted = false;
  position: number | undefined;
  private readonly number: number;
  private readonly startedAt: number;
  private stage: HandlerMessage['stage'] = 'start';
  private failure: { readonly error: unknown; readonly event: object } | undefined;
  private error: string | undefined;

  constructor(
    private readonly owner: RecordOwner,
    private readonly facts: HandlerFacts,
  ) {
    this.number = owner.newNumber();
    this.startedAt = Date.now() - owner.since;
  }

  reached(stage: HandlerMessage['stage']): void {
    this.stage = stage;
    this.owner.note(this);
  }

  failed(error: unknown, event: object): void {
    this.failure = { error, event };
  }

  /** Makes the text of the error, and lets go of the event. */
  settle(): void {
    if (this.failure) {
      this.error = describeError(this.failure.error, this.failure.event).slice(0, MAX_ERROR);
      this.failure = undefined;
    }
  }

  get key(): string {
    return keyOf(this.owner, this.number);
  }

  get entry(): CallEntry {
    const { application: _, deliveryId: __, organizationId, durationMs, ...facts } = this.facts;
    return {
      kind: 'call',
      key: this.key,
      process: this.owner.process,
      ...facts,
      organizationId: organizationId?.slice(0, MAX_ID),
      startedAt: this.owner.since + this.startedAt,
      stage: STAGES[this.stage],
      durationMs: durationMs && hundredths(durationMs) / 100,
    };
  }

  get detail(): EntryDetail | undefined {
    return this.error === undefined ? undefined : { error: this.error };
  }
}

function keyOf({ application }: RecordOwner, number: number): string {
  return `${application}.${number}`;
}

function hundredths(ms: number): number {
  return Math.round(ms * 100);
}

function inMs(time: number): number;
function inMs(time: number | undefined): number | undefined;
function inMs(time: number | undefined): number | undefined {
  return time === undefined ? undefined : time / 100;
}
