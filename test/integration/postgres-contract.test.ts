import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import type { PostgresClient } from '../../lib/adapters/postgres/index.js';
import {
  describeStoreExtras,
  describeIdempotencyStore,
  type StoreUnderTest,
} from '../contract/idempotency-store.contract.js';
import { anyPostgres } from '../support/postgres-server.js';

// PGlite is one thread: thousands of statements take a while on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let tables = 0;

/** A table each, in which time passes when its times are moved back. */
async function createStore(client: PostgresClient): Promise<StoreUnderTest> {
  const table = `events_${++tables}`;
  const store = new PostgresIdempotencyStore({ client, table, timeoutMs: 20_000 });
  await store.migrate();
  return {
    store,
    advance: async (ms) => {
      const by = `interval '${ms} ms'`;
      await client.query(
        `UPDATE ${table} SET until = until - ${by}, forget_after = forget_after - ${by}`,
        [],
      );
    },
    close: async () => {
      await client.query(`DROP TABLE ${table}`, []);
    },
  };
}

describe('PostgresIdempotencyStore', () => {
  let server: Awaited<ReturnType<typeof anyPostgres>>;
  let pool: pg.Pool;
  let client: pg.Client;
  let pglite: PGlite;

  beforeAll(async () => {
    server = await anyPostgres({ fsync: false });
    pool = new pg.Pool({ connectionString: await server.createDatabase(), max: 4 });
    client = new pg.Client(await server.createDatabase());
    await client.connect();
    pglite = await PGlite.create();
  }, 120_000);

  afterAll(async () => {
    await pool.end();
    await client.end();
    await pglite.close();
    await server.stop();
  });

  describeIdempotencyStore('PostgresIdempotencyStore on a pg pool', () => createStore(pool));
  describeIdempotencyStore('PostgresIdempotencyStore on one pg client', () => createStore(client));
  describeIdempotencyStore('PostgresIdempotencyStore on PGlite', () => createStore(pglite));
  describeStoreExtras('PostgresIdempotencyStore on a pg pool', () => createStore(pool));
  describeStoreExtras('PostgresIdempotencyStore on PGlite', () => createStore(pglite));
});
