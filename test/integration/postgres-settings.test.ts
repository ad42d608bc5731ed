import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { acquire, count, OPTIONS } from '../support/postgres-store.js';
import { postgresBinaries, PostgresServer } from '../support/postgres-server.js';

/** What the sessions of a database or a role may be set to. */
const SETTINGS = [
  ['default_transaction_isolation', 'serializable'],
  ['default_transaction_isolation', 'repeatable read'],
  ['default_transaction_read_only', 'on'],
  ['standard_conforming_strings', 'off'],
  ['search_path', 'absent, public'],
  ['search_path', '"$user", public, pg_catalog'],
  ['lock_timeout', '1ms'],
  ['enable_indexscan', 'off'],
  ['jit_above_cost', '0'],
  ['DateStyle', 'German, DMY'],
  ['plan_cache_mode', 'force_generic_plan'],
  ['plpgsql.variable_conflict', 'use_variable'],
] as const;

describe('PostgresIdempotencyStore, whatever the server is set to', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start({ fsync: false });
  }, 180_000);

  afterAll(() => server.stop(), 60_000);

  function poolOf(connectionString: string, max = 8): pg.Pool {
    const pool = new pg.Pool({ connectionString, max });
    onTestFinished(() => pool.end());
    return pool;
  }

  /** Hundreds of calls at once, from two processes' pools, that meet in the same rows. */
  async function stress(stores: readonly PostgresIdempotencyStore<pg.Pool>[]): Promise<void> {
    const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`);
    const begun = await Promise.all(
      stores.flatMap((store) =>
        keys.map(async (key) => ({ store, key, answer: await store.begin(key, OPTIONS) })),
      ),
    );
    expect(
      count(
        begun.map(({ answer }) => answer),
        'acquired',
      ),
    ).toBe(keys.length);
    const ended = begun.map(async ({ store, key, answer }) => {
      if (answer.status !== 'acquired') {
        return store.begin(key, OPTIONS);
      }
      expect(await store.renew(key, answer.token, OPTIONS.leaseMs)).toBe(true);
      expect(await store.handlerDone(key, answer.token, 'A.one')).toBe(true);
      expect(await store.complete(key, answer.token, OPTIONS.ttlMs)).toBe(true);
      return undefined;
    });
    await Promise.all(ended);
    const again = await Promise.all(keys.map(async (key) => stores[0]?.begin(key, OPTIONS)));
    expect(again.map((answer) => answer?.status)).toEqual(keys.map(() => 'done'));
  }

  /** The inspectors of several processes, which write at once. */
  async function inspect(stores: readonly PostgresIdempotencyStore<pg.Pool>[]): Promise<void> {
    const logs = stores.map((store) => store.inspection({ scope: 's', capacity: 50 }));
    const recorded = (key: string) => ({
      key,
      entry: {
        kind: 'delivery',
        key,
        process: 'a',
        endpoint: 'a',
        source: 'webhook',
        receivedAt: 1,
      } as const,
    });
    await Promise.all(
      logs.flatMap((log, process) =>
        Array.from({ length: 30 }, (_, index) => log.append([recorded(`${process} ${index}`)])),
      ),
    );
    const bucket = { process: 'a', at: 1_000, bucketMs: 1_000, counts: { default: { 'type:a': 1 } } };
    await Promise.all(logs.map((log) => log.count(bucket)));
    expect((await logs[0]?.read(undefined, 100))?.entries).toHaveLength(50);
    expect(await logs[0]?.counts(1_000, 0)).toEqual([bucket]);
  }

  it.each(SETTINGS)('migrates and works with %s = %s', async (name, value) => {
    const url = await server.createDatabase();
    const database = new URL(url).pathname.slice(1);
    const admin = poolOf(server.url, 1);
    const text = name === 'search_path' ? value : `'${value}'`;
    await admin.query(`ALTER DATABASE ${database} SET ${name} = ${text}`);
    const createStore = () => new PostgresIdempotencyStore({ client: poolOf(url), timeoutMs: 20_000 });
    const store = createStore();
    const stores = [store, createStore()];
    await Promise.all(stores.map((store) => store.migrate()));
    await store.migrate();
    await stress(stores);
    const token = await acquire(store, 'in a transaction');
    await store.transaction(async (transaction, records) => {
      const { rows } = await transaction.query<{ level: string }>(
        "SELECT current_setting('transaction_isolation') AS level",
      );
      expect(rows).toEqual([{ level: 'read committed' }]);
      await transaction.query('CREATE TABLE written (id integer)');
      expect(await records.complete('in a transaction', token, OPTIONS.ttlMs)).toBe(true);
    }, new AbortController().signal);
    expect(await store.removeExpired()).toBe(0);
    await inspect(stores);
  });

  it('works with a serializable default before its schema is brought up to date', async () => {
    const url = await server.createDatabase();
    const client = poolOf(url);
    const store = new PostgresIdempotencyStore({ client, timeoutMs: 20_000 });
    await store.migrate();
    await client.query('DROP PROCEDURE scalekit_webhook_events_read_committed');
    const strict = poolOf(`${url}?options=-c%20default_transaction_isolation%3Dserializable`, 1);
    await stress([new PostgresIdempotencyStore({ client: strict, timeoutMs: 20_000 })]);
  });

  it('gives a transactional handler of PGlite the isolation that the store needs', async () => {
    const client = await PGlite.create();
    onTestFinished(() => client.close());
    await client.query("SET default_transaction_isolation = 'serializable'");
    const store = new PostgresIdempotencyStore({ client });
    await store.migrate();
    const level = await store.transaction(async (transaction) => {
      const { rows } = await transaction.query("SELECT current_setting('transaction_isolation') AS level");
      return rows;
    }, new AbortController().signal);
    expect(level).toEqual([{ level: 'read committed' }]);
  }, 180_000);

  it('migrates what pg_dump --no-comments has left, and keeps the rows', async () => {
    const from = await server.createDatabase();
    const store = new PostgresIdempotencyStore({ client: poolOf(from, 1) });
    await store.migrate();
    await acquire(store, 'kept');
    const dump = execFileSync(join(dirname(realpathSync(join(postgresBinaries(), 'initdb'))), 'pg_dump'), [
      '--no-comments',
      '--inserts',
      from,
    ]).toString();
    const pool = poolOf(await server.createDatabase(), 1);
    const sql = dump
      .split('\n')
      .filter((line) => !line.startsWith('\\'))
      .join('\n');
    await pool.query(sql);
    await pool.query(
      "SET search_path = public; COMMENT ON TABLE scalekit_webhook_events IS 'schema version 99, by us'",
    );
    const restored = new PostgresIdempotencyStore({ client: pool });
    await restored.migrate();
    expect((await restored.begin('kept', OPTIONS)).status).toBe('in_progress');
    await pool.query('COMMENT ON TABLE scalekit_webhook_events IS NULL');
    await restored.migrate();
    await acquire(restored, 'new');
  });

  it.each(['LATIN1', 'EUC_JP', 'SQL_ASCII'])(
    'keeps events, failures and entries of the inspector, of any text, in a database of encoding %s',
    async (encoding) => {
      const admin = poolOf(server.url, 1);
      const name = `encoded_${encoding.toLowerCase()}`;
      await admin.query(
        `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      const url = new URL(server.url);
      url.pathname = name;
      const store = new PostgresIdempotencyStore({ client: poolOf(url.href, 1) });
      await store.migrate();
      const failure = {
        ...{ scope: 's', eventId: 'evt_😀', type: 'user.created', handler: 'A.one', reason: 'no Zoë 😀 王' },
        ...{ attempts: 1, failedAt: 1, fingerprint: 1 },
      };
      const options = { keep: 10, keepMs: 60_000 };
      await acquire(store, 'evt_😀');
      for (const delivery of ['{"body":"Zoë 😀 王"}', '"', 'ASCII']) {
        await store.failures.keep({ ...failure, delivery }, options);
        expect(await store.failures.of('s', 'evt_😀')).toMatchObject([{ reason: failure.reason, delivery }]);
      }
      const log = store.inspection({ scope: 's', capacity: 10 });
      const call = {
        kind: 'call',
        key: 'one',
        process: 'web:1',
        endpoint: 'default',
        eventId: 'evt_😀 王',
      } as const;
      const entry = {
        ...call,
        type: 'Zoë',
        handler: 'A.one',
        attempt: 1,
        startedAt: 1,
        stage: 'failed',
      } as const;
      const kept = { entry, detail: { error: 'no Zoë 😀 王…' } };
      const bucket = { process: 'web:1', at: 1, bucketMs: 10_000, counts: { default: { 'type:王': 1 } } };
      await log.append([{ key: entry.key, ...kept }]);
      await log.count(bucket);
      expect((await log.read(undefined, 10)).entries).toEqual([entry]);
      expect(await log.callsOf('default', entry.eventId)).toEqual([kept]);
      expect(await log.counts(10_000, 0)).toEqual([bucket]);
    },
  );

  it('needs no more than the rights to use the objects once they are there', async () => {
    const url = await server.createDatabase();
    const owner = poolOf(url, 1);
    await new PostgresIdempotencyStore({ client: owner }).migrate();
    await owner.query(`CREATE ROLE worker LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO worker`);
    const store = new PostgresIdempotencyStore({ client: poolOf(url.replace('test@', 'worker@'), 1) });
    await store.migrate();
    await acquire(store, 'a');
  });

  it('reads its rows whatever the parsers of pg make of numbers, dates, JSON and texts', async () => {
    class Odd {}
    const hostile = { getTypeParser: () => () => new Odd() };
    const onlyText = { getTypeParser: (oid: number) => (oid === 25 ? String : () => new Odd()) };
    const url = await server.createDatabase();
    await new PostgresIdempotencyStore({ client: poolOf(url, 1) }).migrate();
    const pool = new pg.Pool({ connectionString: url, max: 4, types: onlyText });
    onTestFinished(() => pool.end());
    await stress([new PostgresIdempotencyStore({ client: pool, timeoutMs: 20_000 })]);
    const binary = new pg.Pool({
      connectionString: await server.createDatabase(),
      max: 4,
      ...{ binary: true },
    });
    onTestFinished(() => binary.end());
    const ofBinary = new PostgresIdempotencyStore({ client: binary, timeoutMs: 20_000 });
    await ofBinary.migrate();
    await stress([ofBinary]);
    const odd = new pg.Pool({ connectionString: url, max: 1, types: hostile });
    onTestFinished(() => odd.end());
    await expect(new PostgresIdempotencyStore({ client: odd }).begin('a', OPTIONS)).rejects.toThrow(
      'columns of type text',
    );
  });
});
