import 'reflect-metadata';
import {
  Body,
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Module,
  Post,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { decorate } from '../../harness/decorate.mjs';
import { startNest } from '../../harness/nest-app.mjs';
import { Ledger } from './by-hand/ledger.mjs';
import { IdempotencyInterceptor } from './by-hand/idempotency.interceptor.mjs';
import { SignatureGuard } from './by-hand/signature.guard.mjs';

/** Guard, interceptor and service, as a careful person writes them for one app. */
export function start(handle, platform) {
  class UserSync {
    async onUser(event) {
      handle(event);
    }
  }
  decorate([Injectable()], UserSync);

  class WebhookController {
    constructor(users) {
      this.users = users;
    }

    async receive(event) {
      switch (event.type) {
        case 'organization.directory.user_created':
        case 'organization.directory.user_updated':
          await this.users.onUser(event);
      }
      return 'OK';
    }
  }
  Body()(WebhookController.prototype, 'receive', 0);
  Inject(UserSync)(WebhookController, undefined, 0);
  decorate([Post(), HttpCode(200)], WebhookController, 'receive');
  decorate(
    [Controller('webhooks/scalekit'), UseGuards(SignatureGuard), UseInterceptors(IdempotencyInterceptor)],
    WebhookController,
  );

  class AppModule {}
  decorate([Module({ controllers: [WebhookController], providers: [UserSync, Ledger] })], AppModule);
  return startNest(AppModule, platform, { rawBody: true });
}
