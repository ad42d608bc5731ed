export type { IoredisClient, NodeRedisClient } from './redis-client.js';
export { RedisIdempotencyStore, type RedisIdempotencyStoreOptions } from './redis-idempotency.store.js';
