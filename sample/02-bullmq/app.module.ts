import { Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type EndpointRole, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { bullMqDispatcher } from 'nestjs-scalekit-webhooks/bullmq';
import { RedisIdempotencyStore } from 'nestjs-scalekit-webhooks/redis';
import { REDIS_URL } from './redis.js';
import { RedisModule } from './redis.module.js';
import { SECRET } from './secret.js';
import { UserSync } from './user-sync.js';

/** What this process does: `receive`, `work`, or both. */
export const ROLE = (process.env.ROLE ?? 'both') as EndpointRole;

@Module({
  imports: [
    ScalekitWebhookModule.forRootAsync({
      role: ROLE,
      imports: [RedisModule],
      inject: [Redis],
      useFactory: (redis: Redis) => ({
        secret: SECRET,
        idempotency: { store: new RedisIdempotencyStore({ client: redis }) },
        dispatcher: bullMqDispatcher({ connection: { url: REDIS_URL } }),
      }),
    }),
  ],
  providers: ROLE === 'receive' ? [] : [UserSync],
})
export class AppModule {}
