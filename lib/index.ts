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
  type VerifyWebhookOptions,
  type WebhookDelivery,
  type WebhookHeaders,
  type WebhookHeadersLike,
  type WebhookVerification,
  type WebhookVerifier,
  type WebhookVerifierOptions,
} from './signature/verify-webhook.js';
export { signWebhook, type SignWebhookOptions } from './signature/sign-webhook.js';
export { WEBHOOK_SCHEMES, type WebhookScheme } from './signature/webhook-scheme.js';
export {
  DeliveryRefusedError,
  type DeliveryRefusedErrorCode,
  SecretUnavailableError,
  WebhookVerificationError,
  type WebhookVerificationErrorCode,
} from './signature/signature.errors.js';
export type { VerifiedDelivery } from './signature/verified-delivery.js';

export {
  EnvelopeError,
  type EnvelopeErrorCode,
  readEnvelope,
  type ScalekitEnvelope,
} from './events/envelope.js';
export type { ScalekitEventMap, ScalekitEventType } from './events/scalekit-event-map.js';
export type { ScalekitEventPattern } from './events/scalekit-event-pattern.js';
export {
  isScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventData,
  type ScalekitEventFields,
  type ScalekitEventShape,
  type ScalekitOverviewEvent,
  type ScalekitReferenceEvent,
  type ScalekitReferenceEventFields,
} from './events/scalekit-event.js';
export { SCALEKIT_EVENT_TYPES } from './events/scalekit-event-types.js';
export { occurredAtNanos } from './events/occurred-at.js';
export type { ScalekitEventContext } from './events/scalekit-event-context.js';

// What events carry in `data`.
export type { Permission, Role } from './events/catalogue/access.js';
export type {
  ConnectedAccount,
  ConnectedAccountAuthorizationType,
  ConnectedAccountStatus,
  ConnectedAccountStatusChange,
} from './events/catalogue/connected-account.js';
export type {
  Directory,
  DirectoryGroup,
  DirectoryUser,
  DirectoryUserAddress,
  DirectoryUserGroup,
  DirectoryUserRole,
} from './events/catalogue/directory.js';
export type { OpenEnum, OpenPayload } from './events/catalogue/open-types.js';
export type {
  Organization,
  OrganizationDomain,
  OrganizationFeature,
  OrganizationSettings,
} from './events/catalogue/organization.js';
export type {
  ConnectionCreated,
  SessionChange,
  UserAuthenticated,
  UserAuthenticationFailed,
  UserCreated,
  UserDeleted,
  UserUpdated,
} from './events/catalogue/overview.js';
export type { SsoConnection } from './events/catalogue/sso-connection.js';
export type {
  ExternalIdentity,
  MembershipOrganization,
  OrganizationMembership,
  User,
  UserProfile,
} from './events/catalogue/user.js';
export type {
  SessionDevice,
  SessionLocation,
  UserSession,
  UserSessionChange,
} from './events/catalogue/user-session.js';

export { ScalekitIdempotencyInterceptor } from './idempotency/scalekit-idempotency.interceptor.js';
export type {
  Awaitable,
  BeginOptions,
  BeginResult,
  CompletedAs,
  FencingToken,
  IdempotencyStore,
  TransactionalIdempotencyStore,
  TransactionRecords,
} from './idempotency/idempotency-store.js';
export type {
  AnnouncedApplication,
  ApplicationRegister,
  CatchUpStore,
  FailedEventStore,
  FailurePage,
  IdempotencyStoreExtras,
  KeepFailureOptions,
  KeptFailure,
  KeyState,
  ReopenOptions,
  ReopenResult,
} from './idempotency/idempotency-store.extras.js';
export {
  MemoryIdempotencyStore,
  type MemoryIdempotencyStoreOptions,
} from './idempotency/memory-idempotency.store.js';
export type { Claim } from './idempotency/claim.js';
export {
  DeliveryAbortedError,
  type DeliveryAbortedErrorCode,
  StoreUnavailableError,
} from './idempotency/idempotency.errors.js';

export { CatchUpError, type CatchUpErrorCode } from './catch-up/catch-up.errors.js';
export type { CatchUpOptions, CatchUpRunOptions } from './catch-up/catch-up.options.js';
export type {
  EventMoment,
  ListedEvent,
  ListedEventFilter,
  ListedEventPage,
  ScalekitEventsClient,
} from './catch-up/events-client.js';
export {
  CATCH_UP_CHANNEL,
  type CatchUpMessage,
  type CatchUpProgress,
  type CatchUpReport,
} from './catch-up/report.js';

export {
  type DeliveryAnswer,
  type ReceivedDelivery,
  ScalekitWebhookService,
} from './receive/scalekit-webhook.service.js';

export type {
  DispatcherFactory,
  DispatcherHost,
  EventDispatcher,
  FailedEvent,
  FailedEventFilter,
  FailedEventPage,
  FailedEventPosition,
  FailedEventQuery,
  FailedEvents,
  ReplayOptions,
} from './dispatch/event-dispatcher.js';
export type { DeliveryOutcome, DispatchOutcome } from './answers/answers.js';
export type { EndpointRole } from './dispatch/endpoint-role.js';
export { type EventJob, jobKey } from './dispatch/event-job.js';
export type { EventJobs } from './dispatch/event-jobs.js';
export type { JobAttempt, JobOutcome } from './dispatch/job-retries.js';
export { QueueUnavailableError } from './dispatch/queues/queue.dispatcher.js';
export type { ClaimedDelivery, HandlerRunner } from './dispatch/handler-runner.js';
export { inlineDispatcher } from './dispatch/inline.dispatcher.js';

export {
  ScalekitWebhookHealthIndicator,
  type WebhookHealth,
  type WebhookHealthOptions,
  type WebhookHealthResult,
} from './telemetry/scalekit-webhook.health.js';
export {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerFacts,
  type HandlerFailure,
  type HandlerMessage,
} from './telemetry/lifecycle.messages.js';

export type { EventHandler, HandlerBackoff, HandlerRetry } from './handlers/event-handler.js';
export { OnScalekitEvent, type OnScalekitEventOptions } from './handlers/on-scalekit-event.decorator.js';
export { EventContext, EventData, EventTransaction } from './handlers/event-parameters.decorator.js';
export { RetryLaterError, UnrecoverableEventError } from './handlers/handler-errors.js';

export { ScalekitWebhookError } from './scalekit-webhook.errors.js';
