export {
  ScalekitWebhookInspectorModule,
  type ScalekitWebhookInspectorModuleAsyncOptions,
} from './inspector.module.js';
export type {
  InspectorModuleExtras,
  InspectorOptions,
  ScalekitWebhookInspectorModuleOptions,
} from './inspector.options.js';
export type * from '../idempotency/inspector-log.js';
