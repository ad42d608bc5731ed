import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { decorate } from '../../harness/decorate.mjs';
import { EVENT_TYPE, SECRET } from '../../harness/event.mjs';
import { startNest } from '../../harness/nest-app.mjs';

/** The module as its README shows it. */
export function start(handle, platform, imports = []) {
  class UserSync {
    async onUser(event) {
      handle(event);
    }
  }
  decorate([OnScalekitEvent(EVENT_TYPE)], UserSync, 'onUser');
  decorate([Injectable()], UserSync);

  class AppModule {}
  decorate(
    [
      Module({
        imports: [ScalekitWebhookModule.forRoot({ secret: SECRET }), ...imports],
        providers: [UserSync],
      }),
    ],
    AppModule,
  );
  return startNest(AppModule, platform);
}
