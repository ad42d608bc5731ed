// A receiver with or without the inspector: says its port, then what it has used so far.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { ScalekitWebhookInspectorModule } from 'nestjs-scalekit-webhooks/inspector';
import { serve } from '../harness/child.mjs';
import { decorate } from '../harness/decorate.mjs';
import { EVENT_TYPE, SECRET } from '../harness/event.mjs';
import { startNest } from '../harness/nest-app.mjs';
import { usage } from '../harness/usage.mjs';

process.env.NODE_ENV = 'test'; // No guards.

const STORES = {
  memory: () => ({}),
  async redis(url) {
    const { Redis } = await import('ioredis');
    const { RedisIdempotencyStore } = await import('nestjs-scalekit-webhooks/redis');
    return { idempotency: { store: new RedisIdempotencyStore({ client: new Redis(url) }) } };
  },
  async postgres(url) {
    const { default: pg } = await import('pg');
    const { PostgresIdempotencyStore } = await import('nestjs-scalekit-webhooks/postgres');
    const store = new PostgresIdempotencyStore({ client: new pg.Pool({ connectionString: url, max: 5 }) });
    await store.migrate();
    return { idempotency: { store } };
  },
};

await serve(async (store, url, inspector) => {
  let handled = 0;
  class UserSync {
    async onUser() {
      handled++;
    }
  }
  decorate([OnScalekitEvent(EVENT_TYPE)], UserSync, 'onUser');
  decorate([Injectable()], UserSync);
  class AppModule {}
  const imports = [ScalekitWebhookModule.forRoot({ secret: SECRET, ...(await STORES[store](url)) })];
  if (inspector === 'with') {
    imports.push(ScalekitWebhookInspectorModule.forRoot());
  }
  decorate([Module({ imports, providers: [UserSync] })], AppModule);
  return {
    hello: await startNest(AppModule, 'express'),
    onQuestion: (question) => {
      if (question === 'heap') {
        globalThis.gc();
        return process.memoryUsage().heapUsed / 2 ** 20;
      }
      return { handled, ...usage() };
    },
  };
});
