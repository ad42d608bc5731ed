import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { decorate } from '../../../harness/decorate.mjs';
import { SECRET } from '../../../harness/event.mjs';
import { startNest } from '../../../harness/nest-app.mjs';

/** The module where other processes are the workers. */
export function startOurs(store, dispatcher) {
  class AppModule {}
  const webhooks = ScalekitWebhookModule.forRoot({
    secret: SECRET,
    role: 'receive',
    idempotency: { store },
    dispatcher,
  });
  decorate([Module({ imports: [webhooks] })], AppModule);
  return startNest(AppModule, 'express');
}
