import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { HandlerRegistry } from './handlers/handler.registry.js';
import { RawBodyInstaller } from './raw-body/raw-body.installer.js';
import { ScalekitWebhookRegistry } from './scalekit-webhook.registry.js';
import { DeliveryLog } from './telemetry/delivery.log.js';

/** What all endpoints of an application share. */
@Module({
  imports: [DiscoveryModule],
  providers: [ScalekitWebhookRegistry, RawBodyInstaller, HandlerRegistry, DeliveryLog],
  exports: [ScalekitWebhookRegistry, RawBodyInstaller, HandlerRegistry],
})
export class ScalekitWebhookCoreModule {}
