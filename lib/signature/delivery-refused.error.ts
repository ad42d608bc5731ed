import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/** @publicApi */
export type DeliveryRefusedErrorCode = 'wrong_environment' | 'event_too_old';

/**
 * An authentic event that the options refuse (`environmentId`, `signature.maxEventAgeSeconds`).
 *
 * @publicApi
 */
export class DeliveryRefusedError extends ScalekitWebhookError<DeliveryRefusedErrorCode> {}
