import { noteArrival } from '../answers/answers.js';
import { describeError } from '../shared/describe-error.js';
import type {
  DeliveryFacts,
  DeliveryMessage,
  HandlerFacts,
  HandlerMessage,
} from '../telemetry/lifecycle.messages.js';
import type { WitnessedDelivery } from '../telemetry/lifecycle-witness.js';
import type { CallEntry, DeliveryEntry, EntryDetail, KeptEntry } from './inspector.api.js';
import { shownHeaders } from './shown-headers.js';
import { payloadText } from './shown-payload.js';

/** Ids of the envelope have at most 256 characters; others are what a sender makes of them. */
const MAX_ID = 256;
const MAX_ERROR = 16_000;

/** What is known of a delivery until it is written. The entry is made then: most of the work is for the last state only. */
export class DeliveryRecord {
  secret = { position: 0, of: 1 };
  clockMs: number | undefined;
  private readonly beganAt: number;
  private readonly readMs: number;
  private verifiedMs: number | undefined;
  private claimedMs: number | undefined;
  private size: number | undefined;
  private event: object | undefined;
  /** Not the request: what it holds on to would outlive the collections of young garbage. */
  private readonly headers: unknown;

  constructor(
    private readonly key: string,
    private readonly process: string,
    private readonly facts: DeliveryFacts,
    request: { readonly headers?: unknown; readonly body?: unknown },
  ) {
    this.beganAt = noteArrival(request);
    this.readMs = this.passed();
    const { headers, body } = request;
    this.headers = headers;
    this.size = body instanceof Uint8Array ? body.length : undefined;
  }

  verify(size: number, proof: WitnessedDelivery['proof'], event: object | undefined): void {
    this.size = size;
    this.event = event;
    const { secret, timestamp } = proof ?? {};
    this.secret = secret ?? this.secret;
    // Signed times are whole seconds: half of one is the best guess.
    this.clockMs = timestamp === undefined ? undefined : timestamp * 1_000 + 500 - Date.now();
    this.verifiedMs = this.passed();
  }

  reach(stage: DeliveryMessage['stage']): void {
    if (stage === 'claimed') {
      this.claimedMs = this.passed();
    }
  }

  toKept(): KeptEntry {
    const { key, process, readMs, verifiedMs, claimedMs } = this;
    const { endpoint, source, receivedAt, eventId, type, organizationId, deliveryId, scheme, attempt } =
      this.facts;
    const { outcome, reason, status, durationMs } = this.facts;
    // One shape for all: a delivery makes two of these, of which nobody may ever look at one.
    const entry: DeliveryEntry = {
      kind: 'delivery',
      key,
      process,
      endpoint,
      source,
      receivedAt,
      eventId,
      type,
      organizationId: organizationId?.slice(0, MAX_ID),
      deliveryId: deliveryId?.slice(0, MAX_ID),
      scheme,
      attempt,
      outcome,
      reason,
      status,
      durationMs: rounded(durationMs),
      readMs: rounded(readMs),
      verifiedMs: rounded(verifiedMs),
      claimedMs: rounded(claimedMs),
    };
    return { entry, detail: this.detail() };
  }

  private detail(): EntryDetail {
    const { headers, size, secret, clockMs, event, verifiedMs } = this;
    return {
      headers: shownHeaders(headers),
      size,
      secret: verifiedMs === undefined ? undefined : secret.position,
      clockMs,
      payload: event && payloadText(event),
    };
  }

  private passed(): number {
    return performance.now() - this.beganAt;
  }
}

const STAGES = { start: 'running', end: 'completed', failed: 'failed', given_up: 'given_up' } as const;

/** What is known of a handler's call until it is written. */
export class CallRecord {
  private readonly startedAt = Date.now();
  private stage: CallEntry['stage'] = 'running';
  private failure: { readonly error: unknown; readonly event: object } | undefined;

  constructor(
    private readonly key: string,
    private readonly process: string,
    private readonly facts: HandlerFacts,
  ) {}

  get hasEnded(): boolean {
    return this.stage !== 'running';
  }

  reach(stage: HandlerMessage['stage']): void {
    this.stage = STAGES[stage];
  }

  fail(error: unknown, event: object): void {
    this.failure = { error, event };
  }

  toKept(): KeptEntry {
    const { key, process, startedAt, stage, failure } = this;
    const { endpoint, eventId, type, organizationId, handler, attempt, queuedMs, durationMs, error } =
      this.facts;
    const entry: CallEntry = {
      kind: 'call',
      key,
      process,
      endpoint,
      eventId,
      type,
      organizationId: organizationId?.slice(0, MAX_ID),
      handler,
      attempt,
      startedAt,
      queuedMs,
      stage,
      durationMs: rounded(durationMs),
      error,
    };
    const text = failure && describeError(failure.error, failure.event);
    return { entry, ...(text !== undefined && { detail: { error: text.slice(0, MAX_ERROR) } }) };
  }
}

function rounded(ms: number): number;
function rounded(ms: number | undefined): number | undefined;
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 100) / 100;
}
