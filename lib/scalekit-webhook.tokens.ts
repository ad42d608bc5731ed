/** What the user passed to `forRoot`, or what the factory of `forRootAsync` returned. */
export const MODULE_OPTIONS = Symbol.for('nestjs-scalekit-webhooks:module-options');

/** The same, checked and with defaults. */
export const RESOLVED_OPTIONS = Symbol.for('nestjs-scalekit-webhooks:resolved-options');

/** The static part of a registration: its name and its controller. */
export const REGISTRATION = Symbol.for('nestjs-scalekit-webhooks:registration');

/** The dispatcher of one endpoint. */
export const EVENT_DISPATCHER = Symbol.for('nestjs-scalekit-webhooks:event-dispatcher');
