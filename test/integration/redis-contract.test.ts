import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster } from 'redis';
import { afterAll, beforeAll } from 'vitest';
import type { IdempotencyStore, IdempotencyStoreExtras } from '../../lib/index.js';
import { RedisIdempotencyStore, type RedisIdempotencyStoreOptions } from '../../lib/adapters/redis/index.js';
import { describeStoreExtras, describeIdempotencyStore } from '../contract/idempotency-store.contract.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { advanceRows, deleteRows, freshPrefix } from '../support/redis-rows.js';
import { anyRedis } from '../support/redis-server.js';

type Client = RedisIdempotencyStoreOptions['client'];

const closing: (() => unknown)[] = [];
let server: Awaited<ReturnType<typeof anyRedis>>;
let cluster: RedisCluster;
let single: readonly Redis[];
let masters: readonly Redis[];
const clients = {} as Record<'ioredis' | 'redis' | 'pool' | 'ioredisCluster' | 'redisCluster', Client>;

beforeAll(async () => {
  [server, cluster] = await Promise.all([anyRedis(), RedisCluster.start(3)]);
  single = [new Redis(server.url)];
  masters = cluster.connectToEach();
  const ioredis = new Redis(server.url);
  const redis = createClient({ url: server.url });
  const pool = createClientPool({ url: server.url }, { minimum: 2, maximum: 4 });
  const ioredisCluster = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  const redisCluster = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
  await Promise.all([redis.connect(), pool.connect(), redisCluster.connect()]);
  Object.assign(clients, { ioredis, redis, pool, ioredisCluster, redisCluster });
  closing.push(
    ...[...single, ...masters, ioredis, ioredisCluster].map((client) => () => client.disconnect()),
    ...[redis, pool, redisCluster].map((client) => () => client.destroy()),
  );
});

afterAll(async () => {
  closing.forEach((close) => close());
  await Promise.all([server.stop(), cluster.stop()]);
});

function describeOn(name: string, nodes: () => readonly Redis[], used: () => readonly Client[]): void {
  const create = () => {
    const keyPrefix = freshPrefix();
    const stores = used().map((client) => new RedisIdempotencyStore({ client, keyPrefix }));
    return {
      store: inTurn(stores),
      advance: (ms: number) => advanceRows(nodes(), keyPrefix, ms),
      close: () => deleteRows(nodes(), keyPrefix),
    };
  };
  describeIdempotencyStore(`RedisIdempotencyStore on ${name}`, create);
  describeStoreExtras(`RedisIdempotencyStore on ${name}`, create);
}

/** Each call goes to the next of the stores: they are several processes that share the rows. */
function inTurn(stores: readonly RedisIdempotencyStore[]): IdempotencyStore & IdempotencyStoreExtras {
  const turns = endlessly(stores);
  const next = () => turns.next().value;
  return {
    begin: (...args) => next().begin(...args),
    renew: (...args) => next().renew(...args),
    handlerDone: (...args) => next().handlerDone(...args),
    complete: (...args) => next().complete(...args),
    release: (...args) => next().release(...args),
    failures: {
      keep: (...args) => next().failures.keep(...args),
      list: (...args) => next().failures.list(...args),
      of: (...args) => next().failures.of(...args),
      forget: (...args) => next().failures.forget(...args),
      reopen: (...args) => next().failures.reopen(...args),
    },
    catchUp: {
      look: (...args) => next().catchUp.look(...args),
      read: (...args) => next().catchUp.read(...args),
      replace: (...args) => next().catchUp.replace(...args),
    },
  };
}

function* endlessly<T>(values: readonly T[]): Generator<T, never> {
  for (;;) {
    yield* values;
  }
}

describeOn(
  'ioredis',
  () => single,
  () => [clients.ioredis],
);
describeOn(
  'redis',
  () => single,
  () => [clients.redis],
);
describeOn(
  'a pool of redis clients',
  () => single,
  () => [clients.pool],
);
describeOn(
  'a Cluster through ioredis',
  () => masters,
  () => [clients.ioredisCluster],
);
describeOn(
  'a Cluster through redis',
  () => masters,
  () => [clients.redisCluster],
);
describeOn(
  'clients of both kinds in turn',
  () => single,
  () => [clients.ioredis, clients.redis, clients.pool],
);
