import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import {
  hasErrorCode,
  retrySecondsOf,
  type ScalekitWebhookError,
  withoutStack,
} from '../scalekit-webhook.errors.js';
import { within } from '../shared/within.js';
import type { DeliveryOutcome } from './delivery-outcome.js';

export type { DeliveryOutcome };

/** How a delivery is answered, and what is logged about it. */
export interface Answer {
  readonly status: number;
  readonly outcome: DeliveryOutcome;
  /** The row of a table below. */
  readonly reason: string;
  /** The body of a 200. Every other body is Nest's error JSON, with this as its `message`. */
  readonly text: string;
  readonly retryAfterSeconds?: number;
  /** What Express would make of the text: see `give`. */
  readonly etag?: string;
  /** A warning, at most one a second for each reason. */
  readonly log?: string;
  /** The error, for exception filters and error trackers. It is never sent. */
  readonly cause?: unknown;
}

type Row = Pick<Answer, 'status' | 'retryAfterSeconds' | 'etag'> & {
  /** Undefined: the message of the error. */
  readonly text?: string;
  /** What the warning says after the message of the error. Undefined: nothing is logged. */
  readonly log?: string;
};

/**
 * The result of the work on a claimed event.
 *
 * - `handled`: the work is finished; the delivery may be answered 2xx.
 * - `accepted`: the work is safely queued; the delivery may be answered 2xx.
 * - `failed`: neither, and the sender has to retry. The errors are logged already.
 */
export type DispatchOutcome =
  | { readonly status: 'handled' | 'accepted' }
  | { readonly status: 'failed'; readonly errors: readonly unknown[] };

const OK = { text: 'OK', etag: 'W/"2-nOO9QiTIwXgNtWtBJezz8kv3SLc"' };

/** The delivery was read and authenticated; its event was looked up in the store and given to the dispatcher. */
export const OUTCOMES = {
  handled: { outcome: 'handled', reason: 'handled', status: 200, ...OK },
  queued: { outcome: 'queued', reason: 'queued', status: 200, ...OK },
  done: {
    outcome: 'duplicate',
    reason: 'done',
    status: 200,
    text: 'Already processed',
    etag: 'W/"11-YnZmjfMndLF6C2nIG+rQasUDWP8"',
  },
  /** The event is safely queued: it may not be processed yet. */
  accepted: {
    outcome: 'duplicate',
    reason: 'accepted',
    status: 200,
    text: 'Already accepted',
    etag: 'W/"10-gm5o8moakRC8yq1gs4ZEIZ/2JzQ"',
  },
  in_progress: {
    outcome: 'in_progress',
    reason: 'in_progress',
    status: 409,
    text: 'The event is being processed',
  },
  late: { outcome: 'late', reason: 'late', status: 503, text: 'The event is still being processed' },
  failed: { outcome: 'failed', reason: 'failed', status: 500, text: 'Internal Server Error' },
} as const satisfies Record<string, Answer>;

/** By the error's code: why the work on an event was not finished. If several errors have a row, the first row counts. */
export const FAILURES = {
  retry_later: { status: 503, text: 'The event has to be retried later' },
  out_of_turn: { status: 503, text: 'The event has to be retried later' },
  store_unavailable: {
    status: 503,
    text: 'Service Unavailable',
    retryAfterSeconds: 10,
    log: ' Deliveries are answered 503 until it is back.',
  },
  queue_unavailable: { status: 503, text: 'Service Unavailable', retryAfterSeconds: 10 },
  shutting_down: { status: 503, text: 'Service Unavailable', retryAfterSeconds: 5 },
  lease_lost: { status: 409, text: 'The event is being processed', retryAfterSeconds: 60 },
} as const satisfies Record<string, Row>;

const BAD_REQUEST = { status: 400, log: '' };
/** The reason is logged and never answered: it would tell a forger what to fix. */
const UNAUTHORIZED = { status: 401, text: 'Invalid signature', log: '' };

/** By the error's code: why a delivery was not accepted. */
export const REFUSALS = {
  body_too_large: { status: 413, log: '' },
  content_encoding: { status: 415, log: '' },
  body_unreadable: { status: 400, text: 'The body cannot be read', log: '' },
  too_many_unverified: { status: 503, text: 'Service Unavailable', retryAfterSeconds: 10, log: '' },
  raw_body_lost: { status: 500, text: 'Internal Server Error', log: '' },
  secret_unavailable: { status: 503, text: 'Service Unavailable', retryAfterSeconds: 10, log: '' },
  missing_headers: UNAUTHORIZED,
  malformed_header: UNAUTHORIZED,
  timestamp_too_old: UNAUTHORIZED,
  timestamp_too_new: UNAUTHORIZED,
  signature_mismatch: UNAUTHORIZED,
  invalid_secret: UNAUTHORIZED,
  invalid_body: UNAUTHORIZED,
  invalid_options: UNAUTHORIZED,
  event_too_old: UNAUTHORIZED,
  wrong_environment: BAD_REQUEST,
  not_utf8: BAD_REQUEST,
  not_json: BAD_REQUEST,
  too_deep: BAD_REQUEST,
  not_an_envelope: BAD_REQUEST,
} as const satisfies Record<string, Row>;

export function answerToOutcome(outcome: DispatchOutcome): Answer {
  if (outcome.status === 'failed') {
    return answerToFailure(outcome.errors) ?? { ...OUTCOMES.failed, cause: outcome.errors[0] };
  }
  return outcome.status === 'accepted' ? OUTCOMES.queued : OUTCOMES.handled;
}

/** Undefined for an error that is not this package's: Nest logs it and answers 500. */
export function answerToRefusal(error: unknown): Answer | undefined {
  return answerTo([error], 'refused', REFUSALS);
}

/** Undefined for any other error of a handler: it is answered 500. */
export function answerToFailure(errors: readonly unknown[]): Answer | undefined {
  const answer = answerTo(errors, 'failed', FAILURES);
  const seconds = errors.flatMap((error) => retrySecondsOf(error) ?? []);
  return answer && seconds.length > 0 ? { ...answer, retryAfterSeconds: Math.max(...seconds) } : answer;
}

function answerTo(
  errors: readonly unknown[],
  outcome: DeliveryOutcome,
  rows: Readonly<Record<string, Row>>,
): Answer | undefined {
  for (const [code, { text, log, ...answer }] of Object.entries(rows)) {
    const error = errors.find((each): each is ScalekitWebhookError => hasErrorCode(each, code));
    if (error) {
      return {
        ...answer,
        outcome,
        reason: code,
        text: text ?? error.message,
        ...(log !== undefined && { log: describe(error) + log }),
        ...(answer.status !== 401 && { cause: error }),
      };
    }
  }
  return undefined;
}

function describe({ code, message, cause }: ScalekitWebhookError): string {
  return code === 'store_unavailable' && cause instanceof Error ? `${message} ${cause.message}` : message;
}

/** What Express's response and Fastify's reply have in common. */
export interface AnswerableResponse {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
  /** Express only. */
  readonly app?: { get(setting: string): unknown };
  /** Express only. */
  hasHeader?(name: string): boolean;
}

/**
 * Returns the body of a 200.
 *
 * @throws HttpException for every other answer: exception filters see it
 */
export function give(answer: Answer, response: AnswerableResponse): string {
  if (answer.status === 200) {
    response.status(200);
    // Express hashes every body that has no ETag yet: 15 % of a bare route's CPU time (Node 20, wrk).
    if (answer.etag && response.app?.get('etag') === 'weak' && !response.hasHeader?.('ETag')) {
      response.header('ETag', answer.etag);
    }
    return answer.text;
  }
  throw exceptionFor(answer, response);
}

/** The body is spelled out because Nest 11 leaves `error` out of it when a cause is given. */
export function exceptionFor(
  { status, text, retryAfterSeconds, cause }: Answer,
  response: AnswerableResponse,
): HttpException {
  if (retryAfterSeconds !== undefined) {
    // Whole seconds: RFC 9110, 10.2.3.
    response.header('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))));
  }
  const body = { statusCode: status, message: text, error: STATUS_CODES[status] };
  return withoutStack(() => new HttpException(body, status, { cause }));
}

const ARRIVED_AT = Symbol.for('nestjs-scalekit-webhooks:arrived-at');

interface ArrivedRequest {
  [ARRIVED_AT]: number | undefined;
}

/** Records when the request arrived: before its body is read. Only the first call for a request counts. */
export function noteArrival(request: object): number {
  return ((request as ArrivedRequest)[ARRIVED_AT] ??= performance.now());
}

/**
 * Settles as `work` does, or with what `late` returns when `answerWithinMs` have passed since the request arrived.
 * The sender hangs up soon after that time. The work goes on, and the sender's retry finds its result.
 */
export function answerInTime<T, Late>(
  request: object,
  answerWithinMs: number,
  work: PromiseLike<T>,
  late: () => Late,
): Promise<T | Late> {
  // Whole milliseconds: Node keeps one list of timers for each duration.
  const msLeft = Math.ceil(noteArrival(request) + answerWithinMs - performance.now());
  return within(Math.max(1, msLeft), work, late);
}
