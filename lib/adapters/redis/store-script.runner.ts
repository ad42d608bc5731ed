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
      if (isErrorReply(error, 'NOSCRIPT')) {
        return bySource(keys, args);
      }
      throw error;
    }
  };
}

/** An error that the server answered with, by the word it begins with. */
export function isErrorReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(`${code} `);
}

function waysToRun(
  client: IoredisClient | NodeRedisClient,
): Record<'bySha1' | 'bySource', StoreScriptRunner> {
  if (isNodeRedis(client)) {
    return {
      bySha1: (keys, args) => client.evalSha(STORE_SCRIPT_SHA1, { keys, arguments: args }),
      bySource: (keys, args) => client.eval(STORE_SCRIPT, { keys, arguments: args }),
    };
  }
  if (isIoredis(client)) {
    return {
      bySha1: (keys, args) => client.evalsha(STORE_SCRIPT_SHA1, keys.length, ...keys, ...args),
      bySource: (keys, args) => client.eval(STORE_SCRIPT, keys.length, ...keys, ...args),
    };
  }
  throw new TypeError(
    'RedisIdempotencyStore: client must be one of ioredis (with evalsha) or of the redis package (with evalSha).',
  );
}

/** A client that was not injected is undefined, whatever its type says. */
type Unsure<T> = Partial<T> | null | undefined;

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return typeof (client as Unsure<NodeRedisClient>)?.evalSha === 'function';
}

function isIoredis(client: unknown): client is IoredisClient {
  return typeof (client as Unsure<IoredisClient>)?.evalsha === 'function';
}
