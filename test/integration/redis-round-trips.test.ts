import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { clientForTest, connectRedis, REDIS_CLIENTS } from '../support/redis-clients.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { freshPrefix } from '../support/redis-rows.js';
import { RedisServer } from '../support/redis-server.js';

const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };

let server: RedisServer;
let admin: Redis;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
  admin = new Redis(server.port);
  closing.push(() => admin.disconnect());
});

afterAll(async () => {
  closing.forEach((close) => close());
  await server.stop();
});

/** What the server did for `work`: commands of clients by name, and how often it read from a socket. */
async function counted(redis: Redis, work: () => Promise<unknown>) {
  const readsOf = async () => Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
  await redis.config('RESETSTAT');
  const before = await readsOf();
  await work();
  const reads = (await readsOf()) - before - 1; // The last one read the question itself.
  const stats = await redis.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_(eval\w*):calls=(\d+)/g)];
  const scripts: Record<string, number> = {};
  for (const [, name = '', count] of calls) {
    scripts[name] = Number(count);
  }
  return { reads, scripts };
}

describe.each(REDIS_CLIENTS)('RedisIdempotencyStore on %s', (kind) => {
  let store: RedisIdempotencyStore;

  beforeAll(async () => {
    const { client, close } = await connectRedis(kind, server.port);
    closing.push(close);
    store = new RedisIdempotencyStore({ client, keyPrefix: freshPrefix() });
    await store.begin('warm', OPTIONS);
  });

  it('needs one round trip to begin and one to complete', async () => {
    const begun = await counted(admin, () => store.begin('a', OPTIONS));
    expect(begun).toEqual({ reads: 1, scripts: { evalsha: 1 } });
    const claim = await store.begin('b', OPTIONS);
    const token = claim.status === 'acquired' ? claim.token : 0;
    const completed = await counted(admin, () => store.complete('b', token, OPTIONS.ttlMs));
    expect(completed).toEqual({ reads: 1, scripts: { evalsha: 1 } });
  });

  it('sends the 100 calls of a tick in one', async () => {
    const { scripts } = await counted(admin, () =>
      Promise.all(Array.from({ length: 100 }, (_, index) => store.begin(`tick ${index}`, OPTIONS))),
    );
    expect(scripts).toEqual({ evalsha: 1 });
  });

  it('sends calls of every kind in one, and each has its own answer', async () => {
    const keys = ['done', 'accepted', 'released', 'renewed', 'handled'];
    const claims = await Promise.all(keys.map((key) => store.begin(key, OPTIONS)));
    const [done, accepted, released, renewed, handled] = claims.map((claim) =>
      claim.status === 'acquired' ? claim.token : 0,
    ) as [number, number, number, number, number];
    const { scripts } = await counted(admin, async () => {
      const answers = await Promise.all([
        store.complete('done', done, OPTIONS.ttlMs),
        store.complete('accepted', accepted, OPTIONS.ttlMs, 'accepted'),
        store.release('released', released),
        store.renew('renewed', renewed, OPTIONS.leaseMs),
        store.handlerDone('handled', handled, 'A.one'),
        store.complete('handled', handled + 1, OPTIONS.ttlMs),
        store.begin('new', OPTIONS),
        store.begin('new', OPTIONS),
      ]);
      expect(answers.slice(0, 6)).toEqual([true, true, true, true, true, false]);
      expect(answers.slice(6)).toMatchObject([{ status: 'acquired' }, { status: 'in_progress' }]);
    });
    expect(scripts).toEqual({ evalsha: 1 });
    const after = await Promise.all(keys.map((key) => store.begin(key, OPTIONS)));
    expect(after.map(({ status }) => status)).toEqual([
      'done',
      'accepted',
      'acquired',
      'in_progress',
      'in_progress',
    ]);
  });

  it('keeps a call that fails from failing the others of its tick', async () => {
    const prefix = freshPrefix();
    const client = await clientForTest(kind, server.port);
    const other = new RedisIdempotencyStore({ client, keyPrefix: prefix });
    await admin.rpush(`${prefix}{not ours}`, 'a list');
    const answers = await Promise.allSettled(['a', 'not ours', 'b'].map((key) => other.begin(key, OPTIONS)));
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: { status: 'acquired' } },
      { status: 'rejected', reason: { message: expect.stringContaining('WRONGTYPE') as string } },
      { status: 'fulfilled', value: { status: 'acquired' } },
    ]);
  });

  it('teaches the script to a server that has forgotten it', async () => {
    await admin.script('FLUSH');
    const { scripts } = await counted(admin, () =>
      Promise.all(['x', 'y'].map((key) => store.begin(key, OPTIONS))),
    );
    expect(scripts).toEqual({ evalsha: 1, eval: 1 });
    const next = await counted(admin, () => store.begin('z', OPTIONS));
    expect(next.scripts).toEqual({ evalsha: 1 });
  });
});

it('lets exactly one of 1,000 begins over eight connections have the key', async () => {
  const keyPrefix = freshPrefix();
  const stores = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const client = await clientForTest(index % 2 === 0 ? 'ioredis' : 'redis', server.port);
      return new RedisIdempotencyStore({ client, keyPrefix });
    }),
  );
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 125 }, () => store.begin(`event ${round}`, OPTIONS))),
    );
    expect(answers.filter(({ status }) => status === 'acquired')).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 'in_progress')).toHaveLength(999);
  }
});

describe('RedisIdempotencyStore on a Cluster', () => {
  let cluster: RedisCluster;
  let nodes: Redis[];

  beforeAll(async () => {
    cluster = await RedisCluster.start(3);
    nodes = cluster.connectToEach();
  });

  afterAll(async () => {
    nodes.forEach((node) => node.disconnect());
    await cluster.stop();
  });

  it('learns that it is one, then sends one script call an event, its handlers included', async () => {
    const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    const keyPrefix = freshPrefix();
    const store = new RedisIdempotencyStore({ client, keyPrefix });
    const events = Array.from({ length: 30 }, (_, index) => `evt_${index}`);
    const keys = events.flatMap((event) => [event, `${event}\nA.one`, `${event}\nA.two`]);
    const begun = await Promise.all(keys.map((key) => store.begin(key, OPTIONS)));
    expect(new Set(begun.map(({ status }) => status))).toEqual(new Set(['acquired']));

    await Promise.all(nodes.map((node) => node.config('RESETSTAT')));
    const again = await Promise.all(keys.map((key) => store.begin(key, OPTIONS)));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['in_progress']));
    const stats = await Promise.all(nodes.map((node) => node.info('commandstats')));
    const calls = stats.map((text) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0));
    expect(calls.reduce((sum, count) => sum + count)).toBe(30);

    for (const node of nodes) {
      const rows = await node.keys(`${keyPrefix}*`);
      expect(rows.length % 3).toBe(0);
    }
    client.disconnect();
  });
});
