export { scalekitEvent, type ScalekitEventFixtureOptions } from './fixtures/scalekit-event.fixture.js';
export type { DeepPartial, ScalekitEventOverrides } from './fixtures/event-overrides.js';

export { signedDelivery } from './deliveries/signed-delivery.presets.js';
export type {
  DeliverableEvent,
  SignedDelivery,
  SignedDeliveryOptions,
} from './deliveries/signed-delivery.js';

export {
  type RetryOptions,
  ScalekitWebhookTester,
  type ScalekitWebhookTesterOptions,
  type SettledOptions,
} from './tester/scalekit-webhook.tester.js';
export type { TesterTransport } from './tester/transports.js';
export type { DeliveryAttempt, DeliveryResult, RetriedDelivery } from './tester/delivery-result.js';

export {
  type EmitOptions,
  ScalekitWebhookTestingModule,
  type TestingModuleOptions,
} from './handlers/scalekit-webhook-testing.module.js';

export {
  type ContractCase,
  describeIdempotencyStore,
  idempotencyStoreContract,
} from './contracts/idempotency-store.contract.js';
export { catchUpStoreContract, describeCatchUpStore } from './contracts/catch-up-store.contract.js';
export {
  describeFailedEventStore,
  failedEventStoreContract,
} from './contracts/failed-event-store.contract.js';
export type { StoreContractOptions } from './contracts/store-sequences.js';
export type { StoreUnderTest } from './contracts/store-case.js';
export {
  describeTransactionalStore,
  transactionalStoreContract,
  type TransactionalStoreUnderTest,
} from './contracts/transactional-store.contract.js';
