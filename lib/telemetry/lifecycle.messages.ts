import type { DeliveryOutcome } from '../answers/delivery-outcome.js';

/**
 * Name of the channel of `node:diagnostics_channel` that tells each step of a delivery: its messages are
 * `DeliveryMessage`s. The `TracingChannel` of the same name has the start and the end of a delivery, with `DeliveryFacts`.
 *
 * @publicApi
 */
export const DELIVERY_CHANNEL = 'nestjs-scalekit-webhooks:delivery';

/**
 * Name of the channel of `node:diagnostics_channel` that tells each step of a handler's call: its messages are
 * `HandlerMessage`s. The `TracingChannel` of the same name has the start and the end of a call, with `HandlerFacts`.
 *
 * @publicApi
 */
export const HANDLER_CHANNEL = 'nestjs-scalekit-webhooks:handler';

/**
 * What is known of a delivery: ids, types and codes, never a value of the payload. All messages of a delivery have the
 * same object, which is filled in on the way: copy what you keep.
 *
 * @publicApi
 */
export interface DeliveryFacts {
  /** Identifies the Nest application: several may run in one process. */
  readonly application: string;
  readonly endpoint: string;
  /** `catch-up`: the option `catchUp` fetched the event from Scalekit's API, and nobody waits for an answer. */
  readonly source: 'webhook' | 'catch-up';
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** This and the next four are undefined until the delivery is verified: nobody vouches for them before. */
  readonly eventId?: string | undefined;
  readonly type?: string | undefined;
  /** `organization_id` of the envelope. */
  readonly organizationId?: string | undefined;
  /** The signed message id, where the scheme has one; else the event's id. */
  readonly deliveryId?: string | undefined;
  /** Undefined also where `source` is `catch-up`. */
  readonly scheme?: string | undefined;
  /** From 1: how many times this event was claimed. Set once it is claimed. */
  readonly attempt?: number | undefined;
  /** Set once the delivery is answered, as are the next three. */
  readonly outcome?: DeliveryOutcome | undefined;
  /**
   * Why: the code of the error that a refusal logs, `handled`, `queued`, `done` or `accepted` (duplicates),
   * `in_progress`, `late`, `failed` (a handler threw), or a code such as `store_unavailable`.
   */
  readonly reason?: string | undefined;
  /** Of the answer. A controller of your own may change it later. */
  readonly status?: number | undefined;
  /** From the arrival of the request to its answer, in milliseconds. */
  readonly durationMs?: number | undefined;
}

/**
 * A step of a delivery.
 *
 * - `received`: a request came; nothing of it is verified
 * - `refused`: by its signature, its body or an option; `reason` says which
 * - `verified`: its signature holds, and its envelope is read
 * - `claimed`: nobody has done the event, nobody is doing it, and this process does it now
 * - `duplicate`: the event is done, or queued, already
 * - `in_progress`: another delivery of the event is being worked on
 * - `queued`: the queue has the event's jobs
 * - `answered`: always the last one. Where the outcome is `late`, handlers run on.
 *
 * @publicApi
 */
export type DeliveryMessage =
  | { readonly stage: 'received'; readonly delivery: DeliveryFacts }
  | { readonly stage: 'refused'; readonly delivery: Answered }
  | { readonly stage: 'verified'; readonly delivery: Verified }
  | { readonly stage: 'claimed'; readonly delivery: Verified & Known<DeliveryFacts, 'attempt'> }
  | { readonly stage: 'duplicate' | 'in_progress' | 'queued'; readonly delivery: Verified & Answered }
  | { readonly stage: 'answered'; readonly delivery: Answered };

type Known<Facts, Key extends keyof Facts> = { readonly [Name in Key]-?: NonNullable<Facts[Name]> };
type Verified = DeliveryFacts & Known<DeliveryFacts, 'eventId' | 'type' | 'deliveryId'>;
type Answered = DeliveryFacts & Known<DeliveryFacts, 'outcome' | 'reason' | 'status' | 'durationMs'>;

/**
 * What is known of one call of a handler: ids, types and codes, never a value of the payload. All messages of a call
 * have the same object, which is filled in on the way: copy what you keep.
 *
 * @publicApi
 */
export interface HandlerFacts {
  /** Identifies the Nest application: several may run in one process. */
  readonly application: string;
  readonly endpoint: string;
  readonly handler: string;
  readonly eventId: string;
  readonly type: string;
  /** `organization_id` of the envelope. */
  readonly organizationId?: string | undefined;
  readonly deliveryId: string;
  /** From 1: of the handler's job, where the event was queued; else how many times the event was claimed. */
  readonly attempt: number;
  /** From the arrival of the event to the start of this call, in milliseconds. Set only where the event was queued. */
  readonly queuedMs?: number | undefined;
  /** Set once the call has ended. */
  readonly durationMs?: number | undefined;
  /** What the handler threw. */
  readonly error?: HandlerFailure | undefined;
}

/** @publicApi */
export interface HandlerFailure {
  /** The class of the error, or the type of a value that is none. */
  readonly name: string;
  /** The code of an error of this package, or of Node (`ECONNREFUSED`). */
  readonly code?: string | undefined;
}

/**
 * A step of a handler's call.
 *
 * - `start`: it is called now
 * - `end`: it has finished
 * - `failed`: it threw, took longer than `handlerTimeoutMs`, or was cut off
 * - `given_up`: after `failed`, where it is not called again for this event
 *
 * @publicApi
 */
export type HandlerMessage =
  | { readonly stage: 'start'; readonly call: HandlerFacts }
  | { readonly stage: 'end'; readonly call: HandlerFacts & Known<HandlerFacts, 'durationMs'> }
  | {
      readonly stage: 'failed' | 'given_up';
      readonly call: HandlerFacts & Known<HandlerFacts, 'error' | 'durationMs'>;
    };
