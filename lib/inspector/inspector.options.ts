import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/** @publicApi */
export interface InspectorOptions {
  /**
   * Shows the payload of each event, and the reasons that a queue keeps of failed events, which may quote it. Fields that
   * are named as secrets are hidden all the same. Payloads are kept where the entries are kept.
   *
   * @default false
   */
  readonly showPayloads?: boolean;
  /**
   * How many entries are kept: deliveries and calls of handlers, the newest ones. From 10 to 100,000.
   *
   * @default 1_000
   */
  readonly capacity?: number;
}

/**
 * What is fixed when the module is imported.
 *
 * @publicApi
 */
export interface InspectorModuleExtras {
  /**
   * The route of the page, below the global prefix if there is one.
   *
   * @default 'webhooks/inspector'
   */
  readonly path?: string;
  /**
   * Guards of the page and of all that it asks for: classes, made with what `imports` exports, or instances. Global guards
   * run before them. Without guards the boot stops, unless `NODE_ENV` is `development` or `test`, and the inspector answers under
   * `localhost`, names without a dot and IP addresses only.
   *
   * @default []
   */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Modules that export what the guards inject.
   *
   * @default []
   */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

/** @publicApi */
export interface ScalekitWebhookInspectorModuleOptions extends InspectorOptions, InspectorModuleExtras {}

export interface InspectorRegistration {
  readonly path: string;
  readonly isGuarded: boolean;
}

export const INSPECTOR_REGISTRATION = Symbol.for('nestjs-scalekit-webhooks:inspector-registration');
export const INSPECTOR_GIVEN_OPTIONS = Symbol.for('nestjs-scalekit-webhooks:inspector-given-options');
export const INSPECTOR_OPTIONS = Symbol.for('nestjs-scalekit-webhooks:inspector-options');

export const DEFAULT_INSPECTOR_PATH = 'webhooks/inspector';

/**
 * Applies the defaults.
 *
 * @throws ScalekitWebhookError `unguarded_inspector`, `invalid_options`
 */
export function resolveInspectorOptions(
  { path, isGuarded }: InspectorRegistration,
  { showPayloads = false, capacity = 1_000 }: InspectorOptions = {},
): Required<InspectorOptions> {
  const { NODE_ENV: mode } = process.env;
  if (!isGuarded && mode !== 'development' && mode !== 'test') {
    throw new ScalekitWebhookError(
      'unguarded_inspector',
      `ScalekitWebhookInspectorModule can't start: it has no guards, so anybody who reaches ${path} would see what comes ` +
        'in, and run handlers again. Give it some, forRoot({ guards: [AdminGuard] }), or import it only in ' +
        'development: without guards it starts where NODE_ENV is "development" or "test", and NODE_ENV is ' +
        `${mode === undefined ? 'not set' : `"${mode}"`}.`,
    );
  }
  if (!Number.isSafeInteger(capacity) || capacity < 10 || capacity > 100_000) {
    throw new ScalekitWebhookError(
      'invalid_options',
      "ScalekitWebhookInspectorModule can't start: capacity must be a whole number from 10 to 100,000.",
    );
  }
  return { showPayloads, capacity };
}

/** Routers ignore outer slashes, and most of them ignore case. */
export function routeOf(path: string): string {
  return path.replace(/^\/+|\/+$/g, '').toLowerCase();
}
