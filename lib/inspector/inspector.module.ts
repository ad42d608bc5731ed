import { type DynamicModule, type FactoryProvider, Module, type Provider } from '@nestjs/common';
import { ScalekitWebhookCoreModule } from '../scalekit-webhook.module.js';
import { EntriesFeed } from './entries.feed.js';
import { FailedInbox } from './failed.inbox.js';
import { createInspectorController } from './inspector.controller.js';
import { InspectorJournal } from './inspector.journal.js';
import { InspectorLifecycle } from './inspector.lifecycle.js';
import {
  DEFAULT_INSPECTOR_PATH,
  INSPECTOR_GIVEN_OPTIONS,
  INSPECTOR_OPTIONS,
  INSPECTOR_REGISTRATION,
  type InspectorModuleExtras,
  type InspectorOptions,
  type InspectorRegistration,
  resolveInspectorOptions,
  type ScalekitWebhookInspectorModuleOptions,
} from './inspector.options.js';
import { InspectorRecorder } from './inspector.recorder.js';
import { InspectorViews } from './inspector.views.js';

/** @publicApi */
export interface ScalekitWebhookInspectorModuleAsyncOptions
  extends InspectorModuleExtras, Pick<FactoryProvider<InspectorOptions>, 'inject' | 'useFactory'> {}

/**
 * Serves a page that shows what comes in at all endpoints of the application, what became of it, and what failed, and
 * that runs failed events again. Nothing is recorded where it is not imported.
 *
 * ```ts fragment
 * imports: [ScalekitWebhookInspectorModule.forRoot({ guards: [AdminGuard], imports: [AuthModule] })];
 * ```
 *
 * @publicApi
 */
@Module({})
export class ScalekitWebhookInspectorModule {
  /** @throws ScalekitWebhookError at boot: `unguarded_inspector`, `invalid_options` */
  static forRoot(options: ScalekitWebhookInspectorModuleOptions = {}): DynamicModule {
    return create(options, { provide: INSPECTOR_GIVEN_OPTIONS, useValue: options });
  }

  /** The factory returns `showPayloads` and `capacity`; the path and the guards are fixed before it runs. */
  static forRootAsync({
    inject = [],
    useFactory,
    ...extras
  }: ScalekitWebhookInspectorModuleAsyncOptions): DynamicModule {
    return create(extras, { provide: INSPECTOR_GIVEN_OPTIONS, inject, useFactory });
  }
}

function create(
  { path = DEFAULT_INSPECTOR_PATH, guards = [], imports = [] }: InspectorModuleExtras,
  options: Provider,
): DynamicModule {
  const registration: InspectorRegistration = { path, isGuarded: guards.length > 0 };
  return {
    module: ScalekitWebhookInspectorModule,
    imports: [ScalekitWebhookCoreModule, ...imports],
    controllers: [createInspectorController(path, guards)],
    providers: [
      { provide: INSPECTOR_REGISTRATION, useValue: registration },
      options,
      {
        provide: INSPECTOR_OPTIONS,
        inject: [INSPECTOR_REGISTRATION, INSPECTOR_GIVEN_OPTIONS],
        useFactory: resolveInspectorOptions,
      },
      InspectorJournal,
      InspectorRecorder,
      EntriesFeed,
      InspectorViews,
      FailedInbox,
      InspectorLifecycle,
    ],
  };
}
