import type { IoredisClient, NodeRedisClient } from './redis-client.js';
import { STORE_SCRIPT, STORE_SCRIPT_SHA1 } from './store.script.js';

export type StoreScriptRunner = (keys: string[], args: string[]) => Promise<unknown>;

/**
 * A server forgets its scripts on restart, failover and `SCRIPT FLUSH`: then it is sent the source.
 *
 * @throws TypeError for a client of another kind
 */
export function storeScriptRunner(client: IoredisClient | NodeRedisClient): StoreScriptRunner {
  const { bySha1, bySource } = waysToRun(client);
  return async (keys, args) => {
    try {
      return await bySha1(keys, args);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
        return bySource(keys, args);
      }
      throw error;
    }
  };
}

function waysToRun(
  client: IoredisClient | NodeRedisClient,
): Record<'bySha1' | 'bySource', StoreScriptRunner> {
  if ('evalSha' in client) {
    return {
      bySha1: (keys, args) => client.evalSha(STORE_SCRIPT_SHA1, { keys, arguments: args }),
      bySource: (keys, args) => client.eval(STORE_SCRIPT, { keys, arguments: args }),
    };
  }
  if ('evalsha' in client) {
    return {
      bySha1: (keys, args) => client.evalsha(STORE_SCRIPT_SHA1, keys.length, ...keys, ...args),
      bySource: (keys, args) => client.eval(STORE_SCRIPT, keys.length, ...keys, ...args),
    };
  }
  throw new TypeError(
    'RedisIdempotencyStore: client is neither an ioredis client (with evalsha()) nor one of the redis package (with evalSha()).',
  );
}
