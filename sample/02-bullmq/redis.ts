import type { Provider } from '@nestjs/common';
import { Redis } from 'ioredis';

export const REDIS_URL = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

/** The ledger's client. BullMQ opens its own connections. */
export const redisProvider: Provider<Redis> = {
  provide: Redis,
  useFactory: () => {
    const redis = new Redis(REDIS_URL);
    redis.on('error', () => undefined); // The module logs what it can't do without Redis.
    return redis;
  },
};
