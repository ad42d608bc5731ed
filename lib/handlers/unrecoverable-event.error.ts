import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * Thrown by a handler that can never process this event: retrying can't help. It is logged as an error, and the handler
 * is not tried again.
 *
 * - Inline, the delivery is answered 200 as soon as the other handlers have finished, so the sender doesn't retry. The
 *   store keeps the event as failed.
 * - With a queue, the handler's job becomes a dead letter at once, whatever attempts are left.
 *
 * Either way `ScalekitWebhookService.failed` lists it, `replay` runs it again, and `discard` forgets it.
 *
 * @publicApi
 */
export class UnrecoverableEventError extends ScalekitWebhookError<'unrecoverable_event'> {
  constructor(message: string, options?: ErrorOptions) {
    super('unrecoverable_event', message, options);
  }
}
