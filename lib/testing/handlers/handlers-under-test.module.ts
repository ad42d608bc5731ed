import { Logger, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { findHandlers } from '../../handlers/find-handlers.js';
import { RateLimitedLog } from '../../shared/rate-limited-log.js';
import { ScalekitWebhookCoreModule } from '../../scalekit-webhook.module.js';
import { ScalekitWebhookRegistry } from '../../scalekit-webhook.registry.js';
import { Lifecycle } from '../../telemetry/lifecycle.js';

/** The endpoints that handlers listen to, without what receives their deliveries. */
@Module({ imports: [ScalekitWebhookCoreModule, DiscoveryModule] })
export class HandlersUnderTest implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ScalekitWebhookRegistry,
  ) {}

  onModuleInit(): void {
    const wanted = [...findHandlers(this.discovery)].flatMap(({ subscriptions }) =>
      subscriptions.flatMap(({ endpoint }) => endpoint ?? []),
    );
    for (const name of new Set(wanted)) {
      if (!this.registry.names.includes(name)) {
        const log = new RateLimitedLog(new Logger('ScalekitWebhook'), name);
        this.registry.add({
          name,
          path: `testing/${name}`,
          needsHandlers: true,
          acceptsDigest: false,
          maxBodyBytes: 0,
          maxUnverifiedBytes: 0,
          log,
          lifecycle: new Lifecycle(this.registry.application, name),
        });
      }
    }
  }
}
