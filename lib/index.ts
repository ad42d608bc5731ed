// The way of a delivery, from the module that opens it to the handlers at its end.
export { ScalekitWebhookModule } from './scalekit-webhook.module.js';
export type {
  ScalekitWebhookModuleOptions,
  ScalekitWebhookOptionsFactory,
} from './scalekit-webhook.options.js';
export type { ScalekitWebhookModuleExtras } from './scalekit-webhook.module-definition.js';

export { RawBodyError, type RawBodyErrorCode } from './raw-body/raw-body.error.js';

export { ScalekitSignatureGuard } from './signature/scalekit-signature.guard.js';
export {
  createWebhookVerifier,
  verifyWebhook,
  type WebhookVerification,
  type WebhookVerifier,
} from './signature/verify-webhook.js';
export { signWebhook } from './signature/sign-webhook.js';
export { WEBHOOK_SCHEMES, type WebhookScheme } from './signature/webhook-scheme.js';
export { WebhookVerificationError } from './signature/webhook-verification.error.js';
export { SecretUnavailableError } from './signature/secret-unavailable.error.js';
export { DeliveryRefusedError, type DeliveryRefusedErrorCode } from './signature/delivery-refused.error.js';

export { EnvelopeError, type EnvelopeErrorCode } from './events/envelope.error.js';
export { readEnvelope, type ScalekitEnvelope } from './events/envelope.js';
export type { ScalekitEvent, ScalekitEventData } from './events/scalekit-event.js';
export type { DirectoryUser } from './events/catalogue/directory-user.js';
export type { ScalekitEventContext } from './events/scalekit-event-context.js';

export { ScalekitIdempotencyInterceptor } from './idempotency/scalekit-idempotency.interceptor.js';
export type {
  Awaitable,
  BeginOptions,
  BeginResult,
  FencingToken,
  IdempotencyStore,
} from './idempotency/idempotency-store.js';
export {
  MemoryIdempotencyStore,
  type MemoryIdempotencyStoreOptions,
} from './idempotency/memory-idempotency.store.js';
export { StoreUnavailableError } from './idempotency/store-unavailable.error.js';
export { DeliveryAbortedError, type DeliveryAbortedErrorCode } from './idempotency/delivery-aborted.error.js';

export {
  type DeliveryAnswer,
  type ReceivedDelivery,
  ScalekitWebhookService,
} from './receive/scalekit-webhook.service.js';

export type {
  DispatcherFactory,
  DispatcherHost,
  DispatchOutcome,
  EventDispatcher,
} from './dispatch/event-dispatcher.js';
export { inlineDispatcher } from './dispatch/inline.dispatcher.js';

export { OnScalekitEvent, type OnScalekitEventOptions } from './handlers/on-scalekit-event.decorator.js';
export { EventContext, EventData } from './handlers/event-parameters.decorator.js';
export { UnrecoverableEventError } from './handlers/unrecoverable-event.error.js';
export { RetryLaterError } from './handlers/retry-later.error.js';

export { ScalekitWebhookError } from './scalekit-webhook.errors.js';
