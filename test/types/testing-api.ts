// As api.ts, for `nestjs-scalekit-webhooks/testing`.
export {
  describeIdempotencyStore,
  scalekitEvent,
  ScalekitWebhookTester,
  ScalekitWebhookTestingModule,
  signedDelivery,
} from '../../lib/testing/index.js';
