import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import stripe from '@golevelup/nestjs-stripe';
import { decorate } from '../harness/decorate.mjs';
import { EVENT_TYPE, SECRET } from '../harness/event.mjs';

const { StripeModule, StripeWebhookHandler } = stripe;

/** On the Nest that it asks for. */
export async function start(handle) {
  class UserSync {
    async onUser(event) {
      handle(event);
    }
  }
  decorate([StripeWebhookHandler(EVENT_TYPE)], UserSync, 'onUser');
  decorate([Injectable()], UserSync);

  class AppModule {}
  const module = StripeModule.forRoot({
    apiKey: 'sk_test_bench',
    webhookConfig: { stripeSecrets: { account: SECRET }, requestBodyProperty: 'rawBody' },
  });
  decorate([Module({ imports: [module], providers: [UserSync] })], AppModule);
  const app = await NestFactory.create(AppModule, { rawBody: true, logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
