import { DiscoveryModule } from '@nestjs/core';
import { Logger, Module } from '@nestjs/common';
import { CatchUpLoop } from './catch-up/catch-up.loop.js';
import { createCatchUp, createReceivedSamples } from './catch-up/create-catch-up.js';
import { ReceivedSamples } from './catch-up/received-samples.js';
import { HandlerRegistry } from './handlers/handler.registry.js';
import { Ledger, scopeOf } from './idempotency/ledger.js';
import { OncePerEvent } from './idempotency/once-per-event.js';
import { ScalekitIdempotencyInterceptor } from './idempotency/scalekit-idempotency.interceptor.js';
import { RawBodyInstaller } from './raw-body/raw-body.installer.js';
import { createDispatcher } from './receive/create-dispatcher.js';
import { DeliveryReceiver } from './receive/delivery.receiver.js';
import { EndpointLifecycle } from './receive/endpoint.lifecycle.js';
import type { Registration } from './receive/scalekit-webhook.controller.js';
import { OpenEndpoints } from './receive/open-endpoints.js';
import { ScalekitWebhookService } from './receive/scalekit-webhook.service.js';
import { ConfigurableModuleClass } from './scalekit-webhook.module-definition.js';
import type { ScalekitWebhookOptions } from './scalekit-webhook.options.js';
import { resolveOptions } from './scalekit-webhook.options.resolver.js';
import { ScalekitWebhookRegistry } from './scalekit-webhook.registry.js';
import {
  EVENT_DISPATCHER,
  MODULE_OPTIONS,
  REGISTRATION,
  RESOLVED_OPTIONS,
} from './scalekit-webhook.tokens.js';
import { RateLimitedLog } from './shared/rate-limited-log.js';
import { DeliveryAuthenticator } from './signature/delivery-authenticator.js';
import { ScalekitSignatureGuard } from './signature/scalekit-signature.guard.js';
import { createDeliveryVerifier } from './signature/secret-source.js';
import { DebugLines } from './telemetry/debug-lines.js';
import { Lifecycle } from './telemetry/lifecycle.js';
import { OpenTelemetry } from './telemetry/open-telemetry.js';
import { ScalekitWebhookHealthIndicator } from './telemetry/scalekit-webhook.health.js';

/** What all endpoints of an application share. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ScalekitWebhookRegistry,
    OpenEndpoints,
    RawBodyInstaller,
    HandlerRegistry,
    DebugLines,
    OpenTelemetry,
  ],
  exports: [ScalekitWebhookRegistry, OpenEndpoints, RawBodyInstaller, HandlerRegistry],
})
export class ScalekitWebhookCoreModule {}

/**
 * Receives the webhooks of one Scalekit endpoint. The raw body is read (core module); then `DeliveryReceiver` takes the
 * delivery through the providers from top to bottom: it is authenticated, its event is claimed in the ledger and given
 * to the dispatcher, which runs the handlers (core module).
 *
 * @publicApi
 */
@Module({
  imports: [ScalekitWebhookCoreModule],
  providers: [
    {
      provide: RESOLVED_OPTIONS,
      inject: [REGISTRATION, MODULE_OPTIONS],
      useFactory: resolveOptions,
    },
    {
      provide: RateLimitedLog,
      inject: [REGISTRATION],
      useFactory: ({ name }: Registration) => new RateLimitedLog(new Logger('ScalekitWebhook'), name),
    },
    {
      provide: Lifecycle,
      inject: [REGISTRATION, ScalekitWebhookRegistry],
      useFactory: ({ name }: Registration, { application }: ScalekitWebhookRegistry) =>
        new Lifecycle(application, name),
    },
    {
      provide: DeliveryAuthenticator,
      inject: [REGISTRATION, RESOLVED_OPTIONS, RateLimitedLog, Lifecycle],
      useFactory: (
        { name }: Registration,
        options: ScalekitWebhookOptions,
        log: RateLimitedLog,
        lifecycle: Lifecycle,
      ) => new DeliveryAuthenticator(name, createDeliveryVerifier(options, log), log, lifecycle, options),
    },
    {
      provide: Ledger,
      inject: [REGISTRATION, RESOLVED_OPTIONS],
      useFactory: ({ name }: Registration, { namespace, idempotency }: ScalekitWebhookOptions) =>
        new Ledger(scopeOf(namespace, name), idempotency),
    },
    {
      provide: OncePerEvent,
      inject: [Ledger, RESOLVED_OPTIONS, RateLimitedLog, Lifecycle],
      useFactory: (
        ledger: Ledger,
        { answerWithinMs }: ScalekitWebhookOptions,
        log: RateLimitedLog,
        lifecycle: Lifecycle,
      ) => new OncePerEvent(ledger, answerWithinMs, log, lifecycle),
    },
    {
      provide: EVENT_DISPATCHER,
      inject: [REGISTRATION, RESOLVED_OPTIONS, Ledger, HandlerRegistry, Lifecycle],
      useFactory: createDispatcher,
    },
    {
      provide: ReceivedSamples,
      inject: [REGISTRATION, RESOLVED_OPTIONS],
      useFactory: createReceivedSamples,
    },
    DeliveryReceiver,
    {
      provide: CatchUpLoop,
      inject: [
        REGISTRATION,
        RESOLVED_OPTIONS,
        ReceivedSamples,
        Ledger,
        DeliveryAuthenticator,
        HandlerRegistry,
        ScalekitWebhookRegistry,
        DeliveryReceiver,
      ],
      useFactory: createCatchUp,
    },
    ScalekitSignatureGuard,
    ScalekitIdempotencyInterceptor,
    ScalekitWebhookService,
    ScalekitWebhookHealthIndicator,
    EndpointLifecycle,
  ],
  exports: [
    DeliveryAuthenticator,
    OncePerEvent,
    ScalekitSignatureGuard,
    ScalekitIdempotencyInterceptor,
    ScalekitWebhookService,
    ScalekitWebhookHealthIndicator,
  ],
})
export class ScalekitWebhookModule extends ConfigurableModuleClass {}
