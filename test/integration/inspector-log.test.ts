import { PGlite } from '@electric-sql/pglite';
import { Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { createClient, createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { RedisIdempotencyStore, type RedisIdempotencyStoreOptions } from '../../lib/adapters/redis/index.js';
import type { InspectorLog, InspectorState, RecordedEntry } from '../../lib/inspector/inspector.api.js';
import { describeInspectorLog } from '../contract/inspector-log.contract.js';
import { getJson, InspectorReader, startInspected } from '../support/inspector-app.js';
import { anyPostgres } from '../support/postgres-server.js';
import { Recorder } from '../support/recorder.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { freshPrefix, rowKeys } from '../support/redis-rows.js';
import { anyRedis } from '../support/redis-server.js';
import { anEvent } from '../support/webhook-app.js';

type RedisClient = RedisIdempotencyStoreOptions['client'];
type Open = (capacity: number, scope?: string) => InspectorLog;

let scopes = 0;
const freshScope = () => `{scope} ${++scopes}`;

const entry = (key: string): RecordedEntry => ({
  key,
  entry: { kind: 'delivery', key, process: 'a:1', endpoint: 'default', source: 'webhook', receivedAt: 1 },
});

/** What several processes see that write and read at once. */
function describeShared(name: string, open: Open): void {
  describe(`the log that processes share: ${name}`, () => {
    it('is one for a scope, and another for another scope', async () => {
      const scope = freshScope();
      const [one, other, stranger] = [open(10, scope), open(10, scope), open(10)];
      await one.append([entry('a')]);
      await other.append([entry('b')]);
      expect((await one.read(undefined, 10)).entries.map(({ key }) => key)).toEqual(['a', 'b']);
      expect((await stranger.read(undefined, 10)).entries).toEqual([]);
      expect(one.isShared).toBe(true);
    });

    it('gives a reader every entry, however many write at once', async () => {
      const scope = freshScope();
      const reader = open(10_000, scope);
      const writers = Array.from({ length: 6 }, () => open(10_000, scope));
      const writing = { goesOn: true };
      const read = async () => {
        const seen = new Set<string>();
        for (let position: string | undefined, isLast = false; !isLast;) {
          isLast = !writing.goesOn;
          const page = await reader.read(position, 10_000);
          expect(page.isGap).toBe(false);
          page.entries.forEach(({ key }) => seen.add(key));
          position = page.position;
        }
        return seen.size;
      };
      const seen = read();
      await Promise.all(
        writers.map(async (log, writer) => {
          for (let batch = 0; batch < 30; batch++) {
            await log.append(Array.from({ length: 4 }, (_, index) => entry(`${writer} ${batch} ${index}`)));
          }
        }),
      );
      writing.goesOn = false;
      expect(await seen).toBe(6 * 30 * 4);
    });
  });
}

describe('RedisIdempotencyStore', () => {
  let server: Awaited<ReturnType<typeof anyRedis>>;
  let cluster: RedisCluster;
  let plain: Redis;
  const clients = {} as Record<'ioredis' | 'redis' | 'ioredisCluster' | 'redisCluster', RedisClient>;
  const closing: (() => unknown)[] = [];
  const keyPrefix = freshPrefix();

  beforeAll(async () => {
    [server, cluster] = await Promise.all([anyRedis(), RedisCluster.start(3)]);
    plain = new Redis(server.url);
    const redis = createClient({ url: server.url });
    const ioredisCluster = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    const redisCluster = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
    await Promise.all([redis.connect(), redisCluster.connect()]);
    Object.assign(clients, { ioredis: plain, redis, ioredisCluster, redisCluster });
    closing.push(
      ...[plain, ioredisCluster].map((client) => () => client.disconnect()),
      ...[redis, redisCluster].map((client) => () => client.destroy()),
    );
  });

  afterAll(async () => {
    closing.forEach((close) => close());
    await Promise.all([server.stop(), cluster.stop()]);
  });

  const openWith =
    (name: keyof typeof clients): Open =>
    (capacity, scope = freshScope()) =>
      new RedisIdempotencyStore({ client: clients[name], keyPrefix }).inspection({ capacity, scope });

  for (const name of ['ioredis', 'redis', 'ioredisCluster', 'redisCluster'] as const) {
    describeInspectorLog(name, openWith(name));
  }
  describeShared('ioredis', openWith('ioredis'));
  describeShared('redis', openWith('redis'));

  it('finds the calls of an event in a log that is searched in parts', async () => {
    const log = openWith('redis')(10_000);
    const call = (key: string, eventId: string): RecordedEntry => ({
      key,
      entry: {
        ...{ kind: 'call', key, process: 'a:1', endpoint: 'default', eventId, type: 'user.created' },
        ...{ handler: 'Users.create', attempt: 1, startedAt: Number(key), stage: 'completed' },
      },
    });
    await log.append(Array.from({ length: 2_500 }, (_, index) => call(`${index}`, `evt_${index % 1_000}`)));
    const found = await log.callsOf('default', 'evt_7');
    expect(found.map(({ entry: { key } }) => key)).toEqual(['7', '1007', '2007']);
  });

  it('has no key of a log that stays for ever', async () => {
    const log = openWith('ioredis')(10, 'expires');
    await log.append([{ ...entry('a'), detail: { size: 1 } }]);
    await log.count({ process: 'a:1', at: Date.now(), bucketMs: 10_000, counts: {} });
    const keys = await rowKeys([plain], `${keyPrefix}{expires}`);
    expect(keys).toHaveLength(6);
    for (const key of keys) {
      expect(await plain.pttl(key)).toBeGreaterThan(0);
    }
  });
});

describe('PostgresIdempotencyStore', () => {
  let server: Awaited<ReturnType<typeof anyPostgres>>;
  let pool: pg.Pool;
  let pglite: PGlite;

  beforeAll(async () => {
    server = await anyPostgres({ fsync: false });
    pool = new pg.Pool({ connectionString: await server.createDatabase(), max: 8 });
    pglite = await PGlite.create();
    await Promise.all([pool, pglite].map((client) => new PostgresIdempotencyStore({ client }).migrate()));
  }, 120_000);

  afterAll(async () => {
    await pool.end();
    await pglite.close();
    await server.stop();
  });

  const onPool: Open = (capacity, scope = freshScope()) =>
    new PostgresIdempotencyStore({ client: pool, timeoutMs: 20_000 }).inspection({ capacity, scope });
  const onPglite: Open = (capacity, scope = freshScope()) =>
    new PostgresIdempotencyStore({ client: pglite, timeoutMs: 20_000 }).inspection({ capacity, scope });

  describeInspectorLog('a pg pool', onPool);
  describeInspectorLog('PGlite', onPglite);
  describeShared('a pg pool', onPool);
  describeShared('PGlite', onPglite);

  it('holds appends back that would overtake one that is not committed', async () => {
    const log = onPool(10, 'in line');
    const slow = await pool.connect();
    await slow.query('BEGIN');
    const slowLog = new PostgresIdempotencyStore({ client: slow }).inspection({
      capacity: 10,
      scope: 'in line',
    });
    await slowLog.append([entry('slow')]);
    const second = log.append([entry('second')]);
    expect((await log.read(undefined, 10)).entries).toEqual([]);
    await slow.query('COMMIT');
    slow.release();
    await second;
    expect((await log.read(undefined, 10)).entries.map(({ key }) => key)).toEqual(['slow', 'second']);
  });

  it('makes the tables of a log in an earlier schema with migrate(), and asks for it until then', async () => {
    const store = new PostgresIdempotencyStore({ client: pool, table: 'earlier' });
    await store.migrate();
    await pool.query('DROP TABLE earlier_log, earlier_log_counts; DROP FUNCTION earlier_log_append');
    const log = store.inspection({ capacity: 10, scope: 's' });
    await expect(log.append([entry('a')])).rejects.toThrow('migrate()');
    await expect(log.read(undefined, 10)).rejects.toThrow('migrate()');
    await store.migrate();
    await log.append([entry('a')]);
    expect((await log.read(undefined, 10)).entries).toHaveLength(1);
  });

  it('is one in memory for an application on an earlier schema, whose inspector says so', async () => {
    const store = new PostgresIdempotencyStore({ client: pool, table: 'unmigrated' });
    await store.migrate();
    await pool.query('DROP TABLE unmigrated_log, unmigrated_log_counts; DROP FUNCTION unmigrated_log_append');
    const app = await startInspected({ providers: [Recorder], webhook: { idempotency: { store } } });
    const event = anEvent();
    expect((await app.deliver(event)).status).toBe(200);
    const page = await InspectorReader.open(`${app.url}/webhooks/inspector/api/entries`);
    await expect
      .poll(() => page.deliveries.map(({ eventId, outcome }) => [eventId, outcome]))
      .toEqual([[event.id, 'handled']]);
    const state = await getJson<InspectorState>(`${app.url}/webhooks/inspector/api/state`);
    expect(state).toMatchObject({ isShared: false, trouble: expect.stringContaining('migrate()') as string });
    expect(app.logs.matching(/kept in memory, deliveries are not affected: .*migrate\(\)/)).toHaveLength(1);
    page.close();
    await app.close();
  });
});
