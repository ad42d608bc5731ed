import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

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
