import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { decorate } from '../harness/decorate.mjs';
import { SECRET } from '../harness/event.mjs';

/** An app on Nest 11 with a provider for each type, listening. */
export async function boot(withModule, eventTypes) {
  const stripe = withModule ? (await import('@golevelup/nestjs-stripe')).default : undefined;
  const handlers = eventTypes.map((type) => {
    class Handler {
      async onEvent() {}
    }
    if (stripe) {
      decorate([stripe.StripeWebhookHandler(type)], Handler, 'onEvent');
    }
    decorate([Injectable()], Handler);
    return Handler;
  });
  const imports = [];
  if (stripe) {
    const webhookConfig = { stripeSecrets: { account: SECRET }, requestBodyProperty: 'rawBody' };
    imports.push(stripe.StripeModule.forRoot({ apiKey: 'sk_test_bench', webhookConfig }));
  }
  class AppModule {}
  decorate([Module({ imports, providers: handlers })], AppModule);
  const options = { rawBody: withModule, logger: false, abortOnError: false };
  const app = await NestFactory.create(AppModule, new ExpressAdapter(), options);
  await app.listen(0, '127.0.0.1');
}
