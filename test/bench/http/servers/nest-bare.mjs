import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { decorate } from '../../harness/decorate.mjs';
import { startNest } from '../../harness/nest-app.mjs';

/** A route that keeps the raw body, and verifies nothing. */
export function start(handle, platform) {
  class WebhookController {
    receive(event) {
      handle(event);
      return 'OK';
    }
  }
  Body()(WebhookController.prototype, 'receive', 0);
  decorate([Post(), HttpCode(200)], WebhookController, 'receive');
  decorate([Controller('webhooks/scalekit')], WebhookController);

  class AppModule {}
  decorate([Module({ controllers: [WebhookController] })], AppModule);
  return startNest(AppModule, platform, { rawBody: true });
}
