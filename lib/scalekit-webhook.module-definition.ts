import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';
import type { EndpointRole } from './dispatch/endpoint-role.js';
import { register } from './receive/scalekit-webhook.controller.js';
import type { ScalekitWebhookModuleOptions } from './scalekit-webhook.options.js';
import { MODULE_OPTIONS, REGISTRATION } from './scalekit-webhook.tokens.js';

/** What is fixed when the module is imported, before any factory runs. */
export interface ScalekitWebhookModuleExtras {
  /**
   * Tells several endpoints of one application apart: in `@OnScalekitEvent(type, { endpoint })`, in the ledger and
   * in logs. Letters, digits, `.`, `_` and `-`.
   *
   * @default 'default'
   */
  name?: string;
  /**
   * The route, below the global prefix if there is one. A path that the factory of `forRootAsync` returns comes first.
   *
   * @default 'webhooks/scalekit'
   */
  path?: string | undefined;
  /**
   * What this process does: `receive` verifies deliveries and queues their events, and needs no handlers; `work`
   * has no route and runs the handlers of queued events, in an application with HTTP or without; `both` does both. Other than
   * `both` needs a dispatcher with a queue.
   *
   * @default 'both'
   */
  role?: EndpointRole;
  /**
   * Exports the guard and the interceptor to all modules, for controllers of your own.
   *
   * @default false
   */
  isGlobal?: boolean;
  /**
   * Decorators for the controller: what a global auth guard looks for (`Public()`), or `ApiExcludeController()`.
   * An interceptor among them, like a global one, stands around the whole delivery: it sees every authentic delivery,
   * duplicates included, and what it throws after the handlers makes the answer an error, but not the event undone.
   *
   * @default []
   */
  controllerDecorators?: readonly ClassDecorator[];
  /**
   * Providers that only the factory of `forRootAsync` needs.
   *
   * @default []
   */
  extraProviders?: Provider[];
}

const DEFAULTS: ScalekitWebhookModuleExtras = {
  name: 'default',
  path: undefined,
  role: 'both',
  isGlobal: false,
  controllerDecorators: [],
  extraProviders: [],
};

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<ScalekitWebhookModuleOptions>({
  optionsInjectionToken: MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createScalekitWebhookOptions')
  .setExtras(DEFAULTS, (definition, { name, path, role, isGlobal, controllerDecorators, extraProviders }) => {
    const registration = register(name ?? 'default', path, role ?? 'both', controllerDecorators ?? []);
    return {
      ...definition,
      global: isGlobal ?? false,
      controllers: registration.role === 'work' ? [] : [registration.controller],
      providers: [
        ...(definition.providers ?? []),
        ...(extraProviders ?? []),
        { provide: REGISTRATION, useValue: registration },
      ],
    };
  })
  .build();
