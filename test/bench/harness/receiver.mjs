import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { OnScalekitEvent, ScalekitWebhookModule, ScalekitWebhookService } from 'nestjs-scalekit-webhooks';
import { decorate } from './decorate.mjs';
import { eventBody, SECRET, SIGN, USUAL_HEADERS } from './event.mjs';

/** An app with a handler for each of the patterns, that calls `handle`. */
export function receivingModule(patterns, handle, options = {}) {
  class Handlers {}
  for (const [index, pattern] of patterns.entries()) {
    const method = `on${index}`;
    Object.defineProperty(Handlers.prototype, method, {
      value: async () => handle(),
      writable: true,
      configurable: true,
    });
    decorate([OnScalekitEvent(pattern)], Handlers, method);
  }
  decorate([Injectable()], Handlers);
  class AppModule {}
  const webhooks = ScalekitWebhookModule.forRoot({ secret: SECRET, ...options });
  decorate([Module({ imports: [webhooks], providers: [Handlers] })], AppModule);
  return AppModule;
}

/** Such an app, started, that receives without HTTP. */
export async function startReceiver(patterns, options) {
  let handled = 0;
  const module = receivingModule(patterns, () => void handled++, options);
  const app = await NestFactory.create(module, new ExpressAdapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.init();
  const service = app.get(ScalekitWebhookService, { strict: false });
  let lastIndex = 0;

  return {
    /** Signs so many new events, receives them, and says what that took, in microseconds of the processor. */
    async receive(count) {
      const deliveries = Array.from({ length: count }, () => {
        const { id, body } = eventBody(++lastIndex, 700);
        return { rawBody: Buffer.from(body), headers: { ...USUAL_HEADERS, ...SIGN.standard(body, id) } };
      });
      const handledBefore = handled;
      const before = process.cpuUsage();
      for (const delivery of deliveries) {
        await service.receive(delivery);
      }
      const { user, system } = process.cpuUsage(before);
      if (handled - handledBefore !== count) {
        throw new Error(`Of ${count} events ${handled - handledBefore} were handled.`);
      }
      return user + system;
    },
  };
}
