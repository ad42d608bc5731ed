import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { HandlerRegistry } from './handlers/handler.registry.js';
import { RawBodyInstaller } from './raw-body/raw-body.installer.js';
import { ScalekitWebhookRegistry } from './scalekit-webhook.registry.js';

/** What all endpoints of an application share. */
@Module({
  imports: [DiscoveryModule],
  providers: [ScalekitWebhookRegistry, RawBodyInstaller, HandlerRegistry],
  exports: [ScalekitWebhookRegistry, RawBodyInstaller, HandlerRegistry],
})
export class ScalekitWebhookCoreModule {}
