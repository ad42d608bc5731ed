// One process of an application with a BullMQ dispatcher, which dies by SIGKILL at the point it is told to. What its
// handlers do is appended to a file that outlives it. Reads the built package.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { bullMqDispatcher } from 'nestjs-scalekit-webhooks/bullmq';
import { RedisIdempotencyStore } from 'nestjs-scalekit-webhooks/redis';

const { redisPort, prefix, log, secret, role, dieAt, settings } = JSON.parse(process.argv[2]);

function dieIfAt(point) {
  if (point === dieAt) {
    process.kill(process.pid, 'SIGKILL');
  }
}

class Handlers {
  handle({ id }) {
    appendFileSync(log, `effect ${id}\n`);
    dieIfAt('after effect');
  }
}
const handle = Object.getOwnPropertyDescriptor(Handlers.prototype, 'handle');
OnScalekitEvent('*')(Handlers.prototype, 'handle', handle);
Object.defineProperty(Handlers.prototype, 'handle', handle);

const client = new Redis(redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
client.on('error', () => undefined);
const redis = new RedisIdempotencyStore({ client, keyPrefix: `${prefix}:` });
const store = {
  begin: (...call) => redis.begin(...call),
  renew: (...call) => redis.renew(...call),
  handlerDone: (...call) => redis.handlerDone(...call),
  release: (...call) => redis.release(...call),
  complete: async (...call) => {
    const held = await redis.complete(...call);
    dieIfAt(call[3] === 'accepted' ? 'after accept' : 'after record');
    return held;
  },
};

const bullMq = bullMqDispatcher({ connection: { host: '127.0.0.1', port: redisPort }, prefix, ...settings });

class AppModule {}
Module({
  imports: [
    ScalekitWebhookModule.forRoot({
      secret,
      role,
      idempotency: { store, leaseMs: 1_000 },
      dispatcher: (host) => {
        const dispatcher = bullMq(host);
        const dispatch = dispatcher.dispatch.bind(dispatcher);
        dispatcher.dispatch = async (...call) => {
          dieIfAt('after claim');
          const outcome = await dispatch(...call);
          dieIfAt('after enqueue');
          return outcome;
        };
        return dispatcher;
      },
    }),
  ],
  providers: role === 'receive' ? [] : [Handlers],
})(AppModule);

process.on('disconnect', () => process.exit(1)); // The test run has gone.
if (role === 'work') {
  await NestFactory.createApplicationContext(AppModule, { logger: false });
  process.send({ port: 0 });
} else {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  process.send({ port: app.getHttpServer().address().port });
}
