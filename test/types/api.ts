// What the type tests test. To run them against the built declarations, put `export * from 'nestjs-scalekit-webhooks';`
// in the place of this file: `tools/check-types.mjs` does.
export type * from '../../lib/events/catalogue/access.js';
export type * from '../../lib/events/catalogue/connected-account.js';
export type * from '../../lib/events/catalogue/directory.js';
export type * from '../../lib/events/catalogue/open-types.js';
export type * from '../../lib/events/catalogue/organization.js';
export type * from '../../lib/events/catalogue/overview.js';
export type * from '../../lib/events/catalogue/sso-connection.js';
export type * from '../../lib/events/catalogue/user.js';
export type * from '../../lib/events/catalogue/user-session.js';
export type { ScalekitEnvelope } from '../../lib/events/envelope.js';
export { occurredAtNanos } from '../../lib/events/occurred-at.js';
export {
  isScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventData,
} from '../../lib/events/scalekit-event.js';
export type { ScalekitEventContext } from '../../lib/events/scalekit-event-context.js';
export type { ScalekitEventMap, ScalekitEventType } from '../../lib/events/scalekit-event-map.js';
export type { ScalekitEventPattern } from '../../lib/events/scalekit-event-pattern.js';
export { SCALEKIT_EVENT_TYPES } from '../../lib/events/scalekit-event-types.js';
export { EventContext, EventData, EventTransaction } from '../../lib/handlers/event-parameters.decorator.js';
export { OnScalekitEvent } from '../../lib/handlers/on-scalekit-event.decorator.js';
