import { createHash } from 'node:crypto';
import type { IoredisClient, NodeRedisClient } from './redis-client.js';

export type ScriptRunner = (keys: string[], args: string[]) => Promise<unknown>;

/**
 * Makes a function that runs a Lua script by its hash. A server forgets its scripts on restart, failover and
 * `SCRIPT FLUSH`: then it is sent the source.
 *
 * @throws TypeError for a client of another kind
 */
export function scriptRunner(client: IoredisClient | NodeRedisClient, script: string): ScriptRunner {
  const { bySha1, bySource } = waysToRun(client, script);
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

/** True for an error reply of the server that begins with this word. */
export function isErrorReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(`${code} `);
}

function waysToRun(
  client: IoredisClient | NodeRedisClient,
  script: string,
): Record<'bySha1' | 'bySource', ScriptRunner> {
  const sha1 = createHash('sha1').update(script).digest('hex');
  if (isNodeRedis(client)) {
    return {
      bySha1: (keys, args) => client.evalSha(sha1, { keys, arguments: args }),
      bySource: (keys, args) => client.eval(script, { keys, arguments: args }),
    };
  }
  if (isIoredis(client)) {
    return {
      bySha1: (keys, args) => client.evalsha(sha1, keys.length, ...keys, ...args),
      bySource: (keys, args) => client.eval(script, keys.length, ...keys, ...args),
    };
  }
  throw new TypeError(
    'RedisIdempotencyStore: client must be one of ioredis (with evalsha) or of the redis package (with evalSha).',
  );
}

/** A client that was not injected is undefined, although its type says otherwise. */
type Unsure<T> = Partial<T> | null | undefined;

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return typeof (client as Unsure<NodeRedisClient>)?.evalSha === 'function';
}

function isIoredis(client: unknown): client is IoredisClient {
  return typeof (client as Unsure<IoredisClient>)?.evalsha === 'function';
}
