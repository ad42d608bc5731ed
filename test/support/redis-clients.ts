import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { onTestFinished } from 'vitest';
import type { RedisIdempotencyStoreOptions } from '../../lib/adapters/redis/index.js';

export const REDIS_CLIENTS = ['ioredis', 'redis'] as const;

export interface RedisConnection {
  readonly client: RedisIdempotencyStoreOptions['client'];
  readonly close: () => void;
}

/** A client with the settings it has by itself, to a port on 127.0.0.1. */
export async function connectRedis(
  kind: (typeof REDIS_CLIENTS)[number],
  port: number,
): Promise<RedisConnection> {
  if (kind === 'ioredis') {
    const client = new Redis(port, '127.0.0.1');
    client.on('error', () => undefined); // Else it is printed: tests that break the connection expect it.
    return { client, close: () => client.disconnect() };
  }
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', () => undefined);
  await client.connect();
  return { client, close: () => client.destroy() };
}

/** The same, closed with the test. */
export async function clientForTest(...args: Parameters<typeof connectRedis>) {
  const { client, close } = await connectRedis(...args);
  onTestFinished(close);
  return client;
}
