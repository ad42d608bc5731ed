import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { AnswerableResponse } from '../answers/answers.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import { ScalekitIdempotencyInterceptor } from '../idempotency/scalekit-idempotency.interceptor.js';
import { EVENT_DISPATCHER } from '../scalekit-webhook.tokens.js';
import { ScalekitSignatureGuard } from '../signature/scalekit-signature.guard.js';
import { dispatchEvent } from './dispatch-event.js';

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
  /** `retry-after`, in seconds, where the sender should come again. */
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
    private readonly guard: ScalekitSignatureGuard,
    private readonly interceptor: ScalekitIdempotencyInterceptor,
    @Inject(EVENT_DISPATCHER) private readonly dispatcher: EventDispatcher,
  ) {}

  /** The whole way of a delivery: signature, envelope, ledger, handlers. Failures are answers, too. */
  async receive({ rawBody, headers }: ReceivedDelivery): Promise<DeliveryAnswer> {
    const request = { rawBody, headers };
    const response = new RecordedAnswer();
    try {
      const delivery = await this.guard.admit(request, response);
      const body = await this.interceptor.once(delivery, response, (claim) =>
        dispatchEvent(this.dispatcher, delivery, claim, response),
      );
      return { statusCode: 200, headers: response.headers, body: String(body) };
    } catch (error) {
      if (error instanceof HttpException) {
        const body = JSON.stringify(error.getResponse());
        return { statusCode: error.getStatus(), headers: response.headers, body };
      }
      throw error;
    }
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
