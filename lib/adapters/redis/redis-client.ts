/**
 * What is used of an `ioredis` client, 5 or 6: `Redis` and `Cluster` have it.
 *
 * @publicApi
 */
export interface IoredisClient {
  evalsha(sha1: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/**
 * What is used of a client of the `redis` package, 5 or 6: those of `createClient`, `createClientPool` and
 * `createCluster` have it.
 *
 * @publicApi
 */
export interface NodeRedisClient {
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}
