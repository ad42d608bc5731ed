import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { attempt, type Awaitable } from '../shared/awaitable.js';

/**
 * The idempotency store could not answer, so nobody knows whether the event was handled: the delivery gets 503
 * and the sender retries.
 *
 * @publicApi
 */
export class StoreUnavailableError extends ScalekitWebhookError<'store_unavailable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('store_unavailable', message, options);
  }
}

/**
 * Asks a store.
 *
 * @throws StoreUnavailableError, or rejects with it, when the store throws or rejects
 */
export function askStore<T>(method: string, call: () => Awaitable<T>): Awaitable<T> {
  return attempt(
    call,
    (answer) => answer,
    (cause) => {
      throw new StoreUnavailableError(`The idempotency store failed in ${method}().`, { cause });
    },
  );
}

/** @publicApi */
export type DeliveryAbortedErrorCode = 'handler_timeout' | 'lease_lost' | 'shutting_down';

const MESSAGES: Record<DeliveryAbortedErrorCode, string> = {
  handler_timeout: 'The handlers did not finish within handlerTimeoutMs.',
  lease_lost: 'Another process has taken this event over: its lease ran out here.',
  shutting_down: 'The application is shutting down.',
};

/**
 * The reason of an aborted `context.signal`.
 *
 * @publicApi
 */
export class DeliveryAbortedError extends ScalekitWebhookError<DeliveryAbortedErrorCode> {
  constructor(code: DeliveryAbortedErrorCode) {
    super(code, MESSAGES[code]);
  }
}
