import { HttpException, Inject, Injectable, Optional } from '@nestjs/common';
import type { AnswerableResponse } from '../answers/answers.js';
import { CatchUpError } from '../catch-up/catch-up.errors.js';
import type { CatchUpRunOptions } from '../catch-up/catch-up.options.js';
import { CatchUpLoop } from '../catch-up/catch-up.loop.js';
import type { CatchUpReport } from '../catch-up/report.js';
import type {
  EventDispatcher,
  FailedEventPage,
  FailedEventQuery,
  FailedEvents,
  ReplayOptions,
} from '../dispatch/event-dispatcher.js';
import { findFailed } from '../dispatch/find-failed.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { EVENT_DISPATCHER } from '../scalekit-webhook.tokens.js';
import { DeliveryReceiver } from './delivery.receiver.js';

const MAX_PAGE = 1_000;

/**
 * A delivery as it came in over whatever transport.
 *
 * @publicApi
 */
export interface ReceivedDelivery {
  /** The body exactly as received; a string stands for its UTF-8 bytes. Decode base64 first. */
  readonly rawBody: Uint8Array | string;
  /** All headers, names in any case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * What the route would have answered. It has the form that AWS Lambda and its like return.
 *
 * @publicApi
 */
export interface DeliveryAnswer {
  readonly statusCode: number;
  /** `retry-after`, in seconds, where the sender should retry. */
  readonly headers: Readonly<Record<string, string>>;
  /** `OK`, `Already processed`, or Nest's error JSON. */
  readonly body: string;
}

/**
 * Receives deliveries without HTTP: from a queue, a function's event, a test. Inject it in a module that imports one
 * `ScalekitWebhookModule`.
 *
 * @publicApi
 */
@Injectable()
export class ScalekitWebhookService {
  constructor(
    private readonly receiver: DeliveryReceiver,
    @Inject(EVENT_DISPATCHER) private readonly dispatcher: EventDispatcher,
    @Optional() private readonly catchingUp?: CatchUpLoop,
  ) {}

  /** Takes a delivery the whole way: signature, envelope, ledger, handlers. Failures are returned as answers, too. */
  async receive({ rawBody, headers }: ReceivedDelivery): Promise<DeliveryAnswer> {
    const response = new RecordedAnswer();
    try {
      const body = await this.receiver.receive({ rawBody, headers }, response);
      return { statusCode: 200, headers: response.headers, body };
    } catch (error) {
      if (error instanceof HttpException) {
        const body = JSON.stringify(error.getResponse());
        return { statusCode: error.getStatus(), headers: response.headers, body };
      }
      throw error;
    }
  }

  /**
   * Lists handlers that gave up on an event of this endpoint, oldest first, each with its reason: all, or those that pass
   * a filter by type, handler, organization and time. With a queue these are
   * its dead letters; inline, the store keeps them (`idempotency.failed`).
   *
   * @throws ScalekitWebhookError (`keeps_no_events`) where neither keeps any
   */
  async failed({ limit = 100, cursor, ...filter }: FailedEventQuery = {}): Promise<FailedEventPage> {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new RangeError(`failed() takes a limit from 1 to ${MAX_PAGE}, received ${limit}.`);
    }
    return await findFailed(this.failures, { limit, cursor }, filter);
  }

  /**
   * Runs an event's handlers again: those that gave up or, with `{ all: true }`, all of them.
   *
   * - With a queue, it queues them.
   * - Inline, with the payload kept (`idempotency.failed.payloads`), it runs them now and resolves when they have ended.
   *   A handler that fails again is kept as failed again.
   * - Inline, without the payload, it makes the ledger forget that they are done: resend the event from the Scalekit
   *   dashboard, and they run.
   *
   * Concurrent calls for one event start the handlers once.
   *
   * @returns how many handlers; 0 if nothing is kept of the event, or while it is being worked on
   * @throws ScalekitWebhookError (`keeps_no_events`); StoreUnavailableError
   */
  async replay(eventId: string, { all = false }: ReplayOptions = {}): Promise<number> {
    return await this.failures.replay(eventId, { all });
  }

  /**
   * Forgets an event's failures. The event stays done.
   *
   * @returns how many there were
   * @throws ScalekitWebhookError (`keeps_no_events`)
   */
  async discard(eventId: string): Promise<number> {
    return await this.failures.discard(eventId);
  }

  /**
   * Catches up now: lists events by the option `catchUp`, and has those handled that never came. With `dryRun` it only
   * reports them. Resolves when the run has ended; one run of a kind at a time, of all processes that share the store.
   *
   * @throws CatchUpError, where its `code` is `no_catch_up`: the endpoint has no option `catchUp`; StoreUnavailableError;
   * RangeError for a `since` that can't be used
   */
  async catchUp(options: CatchUpRunOptions = {}): Promise<CatchUpReport> {
    if (!this.catchingUp) {
      throw new CatchUpError(
        'no_catch_up',
        "catchUp() needs the option catchUp: { client: new ScalekitClient(…) }, and a role other than 'work'.",
      );
    }
    return this.catchingUp.once(options);
  }

  private get failures(): FailedEvents {
    const { failures, name } = this.dispatcher;
    if (!failures) {
      throw new ScalekitWebhookError(
        'keeps_no_events',
        `The dispatcher "${name}" keeps no failed events, nor does the store: it has no \`failures\`, or ` +
          'idempotency.failed.keep is 0. Use a dispatcher with a queue, or a store of this package.',
      );
    }
    return failures;
  }
}

class RecordedAnswer implements AnswerableResponse {
  readonly headers: Record<string, string> = {};

  header(name: string, value: string): void {
    this.headers[name.toLowerCase()] = value;
  }

  status(): void {
    // Every status but 200 comes as an exception.
  }
}
