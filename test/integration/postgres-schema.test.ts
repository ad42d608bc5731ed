import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { acquire, connectStores, OPTIONS, passTime, type StoreFleet } from '../support/postgres-store.js';
import { anyPostgres } from '../support/postgres-server.js';

const SQL = new URL('../../sql/postgres.sql', import.meta.url);

describe('PostgresIdempotencyStore, its table', () => {
  let server: Awaited<ReturnType<typeof anyPostgres>>;
  let fleet: StoreFleet;

  beforeAll(async () => {
    server = await anyPostgres({ fsync: false });
    fleet = connectStores(await server.createDatabase(), 10, { max: 2 });
  }, 180_000);

  afterAll(async () => {
    await fleet.close();
    await server.stop();
  });

  const query = async (text: string) => (await fleet.pools[0].query<Record<string, unknown>>(text)).rows;

  it('says what to do when the table is not there', async () => {
    await expect(fleet.stores[0].begin('early', OPTIONS)).rejects.toThrow('migrate()');
  });

  it('is made once by ten that migrate at once, and stays as it is when they do it again', async () => {
    await Promise.all(fleet.stores.map((store) => store.migrate()));
    await acquire(fleet.stores[0], 'kept');
    await Promise.all(fleet.stores.map((store) => store.migrate()));
    expect(await query('SELECT key FROM scalekit_webhook_events')).toEqual([{ key: 'kept' }]);
    expect(await query("SELECT obj_description('scalekit_webhook_events'::regclass) AS comment")).toEqual([
      { comment: 'nestjs-scalekit-webhooks, schema version 2' },
    ]);
  });

  it('is brought from its first version to this one, and its rows stay', async () => {
    const pool = fleet.pools[0];
    const store = new PostgresIdempotencyStore({ client: pool, table: 'older' });
    await store.migrate();
    await acquire(store, 'kept');
    await query(`DROP FUNCTION older_begin; DROP FUNCTION older_complete; DROP FUNCTION older_handler_done;
      COMMENT ON TABLE older IS 'nestjs-scalekit-webhooks, schema version 1'`);
    await expect(store.begin('kept', OPTIONS)).rejects.toThrow('migrate()');
    await store.migrate();
    expect((await store.begin('kept', OPTIONS)).status).toBe('in_progress');
  });

  it('is made by the file of the package, too', async () => {
    const client = new pg.Client(await server.createDatabase());
    await client.connect();
    await client.query(readFileSync(SQL, 'utf8'));
    const store = new PostgresIdempotencyStore({ client });
    await store.migrate();
    await acquire(store, 'a');
    await client.end();
  });

  it('can be in another schema and have a name that needs quotes', async () => {
    await query('CREATE SCHEMA "My-App"');
    const client = fleet.pools[0];
    const store = new PostgresIdempotencyStore({ client, table: 'My-App.Order' });
    await Promise.all([store.migrate(), store.migrate()]);
    await acquire(store, 'a');
    expect(await query('SELECT key FROM "My-App"."Order"')).toEqual([{ key: 'a' }]);
  });

  it('has no name that is not one', () => {
    const client = fleet.pools[0];
    for (const table of [
      '',
      'a.b.c',
      'a"b',
      "a'b",
      '1a',
      'a b',
      'a$migration$',
      'x'.repeat(49),
      '.a',
      'a.',
    ]) {
      expect(() => new PostgresIdempotencyStore({ client, table })).toThrow(TypeError);
    }
  });

  it('loses its expired rows, a thousand at a time, and no other', async () => {
    const [store] = fleet.stores;
    const [pool] = fleet.pools;
    await query('TRUNCATE scalekit_webhook_events');
    await query(`INSERT INTO scalekit_webhook_events (key, until, forget_after, fingerprint, attempt, state)
      SELECT state || ' ' || n, now() - interval '1 s', now() - interval '1 s', 0, 1, state
      FROM generate_series(1, 1250) AS n, generate_series(0, 3) AS state`);
    const token = await acquire(store, 'done just now');
    await store.complete('done just now', token, OPTIONS.ttlMs);
    expect(await store.removeExpired()).toBe(3 * 1_250);
    expect(
      await query('SELECT state, count(*)::int FROM scalekit_webhook_events GROUP BY state ORDER BY state'),
    ).toEqual([
      { state: 0, count: 1_250 },
      { state: 2, count: 1 },
    ]);
    await passTime(pool, OPTIONS.ttlMs + 1);
    expect(await store.removeExpired()).toBe(1);
  });

  it('does not remove a key that was begun long before it was done', async () => {
    const [store] = fleet.stores;
    const token = await acquire(store, 'slow');
    await passTime(fleet.pools[0], OPTIONS.ttlMs + 1);
    await store.complete('slow', token, OPTIONS.ttlMs);
    await store.removeExpired();
    expect((await store.begin('slow', OPTIONS)).status).toBe('done');
  });

  it('loses expired rows by being used', async () => {
    await query('TRUNCATE scalekit_webhook_events');
    const [store] = fleet.stores;
    const keys = Array.from({ length: 1_500 }, (_, index) => `used ${index}`);
    await Promise.all(
      keys.map(async (key) => {
        await store.release(key, await acquire(store, key));
      }),
    );
    await passTime(fleet.pools[0], OPTIONS.ttlMs + 1);
    await expect
      .poll(async () => {
        await Promise.all(
          Array.from({ length: 500 }, async (_, index) => store.begin(`kept ${index}`, OPTIONS)),
        );
        return query("SELECT 1 FROM scalekit_webhook_events WHERE key LIKE 'used %'");
      })
      .toEqual([]);
  });
});
