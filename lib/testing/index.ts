export { scalekitEvent, type ScalekitEventFixtureOptions } from './fixtures/scalekit-event.fixture.js';
export type { DeepPartial, ScalekitEventOverrides } from './fixtures/event-overrides.js';

export { signedDelivery } from './deliveries/signed-delivery.presets.js';
export type { SignedDelivery } from './deliveries/signed-delivery.js';
export type { DeliverableEvent, SignedDeliveryOptions } from './deliveries/sign-event.js';
