import { Module } from '@nestjs/common';
import { ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { ScalekitWebhookInspectorModule } from 'nestjs-scalekit-webhooks/inspector';
import { Directory } from './directory.js';
import { DirectoryController } from './directory.controller.js';
import { SECRET } from './secret.js';
import { UserSync } from './user-sync.js';

@Module({
  imports: [
    ScalekitWebhookModule.forRoot({ secret: SECRET }),
    ScalekitWebhookInspectorModule.forRoot({ showPayloads: true }),
  ],
  controllers: [DirectoryController],
  providers: [Directory, UserSync],
})
export class AppModule {}
