// Each opens its client and returns a call that takes a key nobody has used, and what to do in the end.
import { MemoryIdempotencyStore } from 'nestjs-scalekit-webhooks';

const LEASE_MS = 60_000;
const TTL_MS = 3_600_000;
const TERMS = { leaseMs: LEASE_MS, ttlMs: TTL_MS, fingerprint: 1 };

const begin = (store) => async (key) => {
  const result = await store.begin(key, TERMS);
  if (result.status !== 'acquired') {
    throw new Error(`A new key was ${result.status}.`);
  }
  return result.token;
};

const beginAndComplete = (store) => {
  const acquire = begin(store);
  return async (key) => {
    if (!(await store.complete(key, await acquire(key), TTL_MS))) {
      throw new Error('A claim was lost.');
    }
  };
};

async function ioredis(url) {
  const { Redis } = await import('ioredis');
  return new Redis(url);
}

async function nodeRedis(url) {
  const { createClient } = await import('redis');
  return createClient({ url }).connect();
}

async function redisStore(client) {
  const { RedisIdempotencyStore } = await import('nestjs-scalekit-webhooks/redis');
  return new RedisIdempotencyStore({ client });
}

async function pgPool(url) {
  const { default: pg } = await import('pg');
  return new pg.Pool({ connectionString: url });
}

async function postgresStore(url, table) {
  const { PostgresIdempotencyStore } = await import('nestjs-scalekit-webhooks/postgres');
  const store = new PostgresIdempotencyStore({ client: await pgPool(url), table });
  await store.migrate();
  return store;
}

/** One statement a call, as a careful person writes it. */
async function bareInserts(url, table) {
  const pool = await pgPool(url);
  await pool.query(
    `CREATE TABLE IF NOT EXISTS ${table} (key text PRIMARY KEY, done boolean NOT NULL, expires timestamptz NOT NULL)`,
  );
  const expires = `now() + interval '1 hour'`;
  return {
    insert: async (key) => {
      const insert = `INSERT INTO ${table} VALUES ($1, false, ${expires}) ON CONFLICT DO NOTHING`;
      const { rowCount } = await pool.query({ name: 'insert', text: insert, values: [key] });
      if (rowCount !== 1) {
        throw new Error('A new key was there.');
      }
    },
    update: (key) =>
      pool.query({ name: 'update', text: `UPDATE ${table} SET done = true WHERE key = $1`, values: [key] }),
  };
}

const REDIS_BARE = 'ioredis: SET NX, then SET';
const INSERT = 'pg: INSERT … ON CONFLICT';
const INSERT_UPDATE = 'pg: INSERT … ON CONFLICT, then UPDATE';

/** `beside`: what each is compared with; `server`: whose address `open` gets, with a name that is free in it. */
export const CONTESTANTS = {
  'memory: begin + complete': { open: () => beginAndComplete(new MemoryIdempotencyStore()) },
  [REDIS_BARE]: {
    server: 'redis',
    open: async (url) => {
      const client = await ioredis(url);
      return async (key) => {
        if ((await client.set(key, '1', 'PX', LEASE_MS, 'NX')) !== 'OK') {
          throw new Error('A new key was there.');
        }
        await client.set(key, '2', 'PX', TTL_MS);
      };
    },
  },
  'Redis, ioredis: begin + complete': {
    server: 'redis',
    beside: REDIS_BARE,
    open: async (url) => beginAndComplete(await redisStore(await ioredis(url))),
  },
  'Redis, redis: begin + complete': {
    server: 'redis',
    beside: REDIS_BARE,
    open: async (url) => beginAndComplete(await redisStore(await nodeRedis(url))),
  },
  [INSERT]: { server: 'postgres', open: async (url, table) => (await bareInserts(url, table)).insert },
  'PostgreSQL: begin': {
    server: 'postgres',
    beside: INSERT,
    open: async (url, table) => begin(await postgresStore(url, table)),
  },
  [INSERT_UPDATE]: {
    server: 'postgres',
    open: async (url, table) => {
      const { insert, update } = await bareInserts(url, table);
      return async (key) => {
        await insert(key);
        await update(key);
      };
    },
  },
  'PostgreSQL: begin + complete': {
    server: 'postgres',
    beside: INSERT_UPDATE,
    open: async (url, table) => beginAndComplete(await postgresStore(url, table)),
  },
};
