import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { Gate } from '../support/gate.js';
import { acquire, connectStores, OPTIONS, passTime, type StoreFleet } from '../support/postgres-store.js';
import { PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const running = () => new AbortController().signal;

describe('PostgresIdempotencyStore, transactions on a pg pool', () => {
  let server: PostgresServer;
  let url: string;
  let fleet: StoreFleet;
  let pool: pg.Pool;
  let store: PostgresIdempotencyStore<pg.Pool>;

  beforeAll(async () => {
    server = await PostgresServer.start({ fsync: false });
    url = await server.createDatabase();
    fleet = connectStores(url, 2, { timeoutMs: 2_000 });
    [pool] = fleet.pools;
    [store] = fleet.stores;
    await store.migrate();
    await pool.query('CREATE TABLE effects (event text)');
  }, 180_000);

  afterAll(async () => {
    await fleet.close();
    await server.stop();
  });

  const write = (tx: pg.ClientBase, event: string) => tx.query('INSERT INTO effects VALUES ($1)', [event]);
  const effects = async (event: string) =>
    (await pool.query('SELECT 1 FROM effects WHERE event = $1', [event])).rows.length;

  it('commits what the work wrote together with what it recorded', async () => {
    const token = await acquire(store, 'commit');
    const result = await store.transaction(async (tx, records) => {
      await write(tx, 'commit');
      expect(await records.handlerDone('commit', token, 'A.one')).toBe(true);
      expect(await effects('commit')).toBe(0);
      return 'result';
    }, running());
    expect(result).toBe('result');
    expect(await effects('commit')).toBe(1);
    await store.release('commit', token);
    expect(await store.begin('commit', OPTIONS)).toMatchObject({ attempt: 2, handlersDone: ['A.one'] });
  });

  it('completes a key in the transaction', async () => {
    const token = await acquire(store, 'complete');
    await store.transaction(
      async (_, records) => records.complete('complete', token, OPTIONS.ttlMs),
      running(),
    );
    expect(await store.begin('complete', OPTIONS)).toEqual({ status: 'done', fingerprint: 7 });
  });

  it('rolls both back when the work rejects', async () => {
    const token = await acquire(store, 'reject');
    const transaction = store.transaction(async (tx, records) => {
      await write(tx, 'reject');
      await records.complete('reject', token, OPTIONS.ttlMs);
      throw new Error('no');
    }, running());
    await expect(transaction).rejects.toThrow('no');
    expect(await effects('reject')).toBe(0);
    expect((await store.begin('reject', OPTIONS)).status).toBe('in_progress');
  });

  it('rejects when a statement failed and the work went on', async () => {
    const transaction = store.transaction(async (tx) => {
      await write(tx, 'swallowed');
      await tx.query('SELECT 1/0').catch(() => undefined);
    }, running());
    await expect(transaction).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await effects('swallowed')).toBe(0);
  });

  it('rolls back the work of a process that slept past its lease, whatever it makes of the answer', async () => {
    const late = await acquire(store, 'asleep');
    const transaction = store.transaction(async (tx, records) => {
      await write(tx, 'asleep');
      await passTime(fleet.pools[1], OPTIONS.leaseMs + 1);
      await acquire(fleet.stores[1], 'asleep');
      expect(await records.handlerDone('asleep', late, 'A.one')).toBe(false);
    }, running());
    await expect(transaction).rejects.toMatchObject({ code: 'lease_lost' });
    expect(await effects('asleep')).toBe(0);
  });

  it('hands no key over whose record waits for its COMMIT, and keeps nobody else waiting for it', async () => {
    const token = await acquire(store, 'recorded');
    const other = await acquire(store, 'neighbour');
    await store.transaction(async (tx, records) => {
      await write(tx, 'recorded');
      await records.complete('recorded', token, OPTIONS.ttlMs);
      const [second] = fleet.stores;
      expect(
        await Promise.all([store.renew('recorded', token, 0), second.renew('neighbour', other, 60_000)]),
      ).toEqual([true, true]);
      const answers = await Promise.all([second.begin('recorded', OPTIONS), second.begin('new', OPTIONS)]);
      expect(answers.map(({ status }) => status)).toEqual(['in_progress', 'acquired']);
    }, running());
    expect(await effects('recorded')).toBe(1);
    expect((await store.begin('recorded', OPTIONS)).status).toBe('done');
  });

  it('has the server give up on a transaction that was recorded and then sleeps', async () => {
    const token = await acquire(store, 'sleeper');
    await store.transaction(async (tx, records) => {
      await records.handlerDone('sleeper', token, 'A.one');
      const { rows } = await tx.query('SHOW idle_in_transaction_session_timeout');
      expect(rows).toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
    }, running());
    const { rows } = await pool.query('SHOW idle_in_transaction_session_timeout');
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: '0' }]);
  });

  it('cuts a handler off that still runs when it is aborted', async () => {
    const token = await acquire(store, 'aborted');
    const abort = new AbortController();
    const handler = new Gate();
    let late: Promise<unknown> | undefined;
    const transaction = store.transaction(async (tx, records) => {
      await write(tx, 'aborted');
      late = handler.pass().then(async () => {
        expect(() => write(tx, 'aborted')).toThrow('the transaction is over');
        await expect(records.handlerDone('aborted', token, 'A.one')).rejects.toThrow();
      });
      await late;
    }, abort.signal);
    await handler.reached;
    abort.abort(new Error('too late'));
    await expect(transaction).rejects.toThrow('too late');
    handler.release();
    await late;
    expect(await effects('aborted')).toBe(0);
    await store.release('aborted', token);
    expect(await store.begin('aborted', OPTIONS)).toMatchObject({ handlersDone: [] });
  });

  it('refuses what a handler sends that it did not wait for, after a commit or a rollback', async () => {
    for (const fails of [false, true]) {
      const tx = await new Promise<pg.PoolClient>((resolve) => {
        store
          .transaction((client) => {
            resolve(client);
            return fails ? Promise.reject(new Error('no')) : Promise.resolve();
          }, running())
          .catch(() => undefined);
      });
      await expect.poll(() => pool.idleCount).toBe(pool.totalCount);
      expect(() => tx.query('INSERT INTO effects VALUES ($1)', ['late'])).toThrow('the transaction is over');
    }
    expect(await effects('late')).toBe(0);
  });

  it('starts no work for a signal that is aborted already', async () => {
    let isStarted = false;
    const transaction = store.transaction(
      () => {
        isStarted = true;
        return Promise.resolve();
      },
      AbortSignal.abort(new Error('over')),
    );
    await expect(transaction).rejects.toThrow('over');
    expect(isStarted).toBe(false);
  });

  it('starts no work that was aborted while it waited for a connection', async () => {
    const small = connectStores(url, 1, { max: 1 });
    const lent = await small.pools[0].connect();
    const abort = new AbortController();
    let isStarted = false;
    const transaction = small.stores[0].transaction(() => {
      isStarted = true;
      return Promise.reject(new Error('heard by nobody'));
    }, abort.signal);
    abort.abort(new Error('too late'));
    lent.release();
    await expect(transaction).rejects.toThrow('too late');
    expect(isStarted).toBe(false);
    await small.close();
  });

  it('rejects when a transaction runner throws before it returns a promise, and waits for nothing then', async () => {
    const throwing = new PostgresIdempotencyStore({
      client: pool,
      transaction: () => {
        throw new Error('no transactions today');
      },
    });
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await expect(throwing.transaction(() => Promise.resolve(), running())).rejects.toThrow('today');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when a COMMIT is not answered, and the ledger knows at the retry that it took effect', async () => {
    const proxy = await TcpProxy.start(server.port);
    const through = Object.assign(new URL(url), { port: String(proxy.port) }).href;
    const cut = connectStores(through, 1, { timeoutMs: 2_000 });
    const [behind] = cut.stores;
    const token = await acquire(behind, 'unknown');
    const transaction = behind.transaction(async (tx, records) => {
      await write(tx, 'unknown');
      await records.complete('unknown', token, OPTIONS.ttlMs);
      void proxy.cutAfter('replies', 0);
    }, running());
    await expect(transaction).rejects.toThrow();
    await expect.poll(() => effects('unknown')).toBe(1);
    expect((await behind.begin('unknown', OPTIONS)).status).toBe('done');
    await cut.close();
    await proxy.stop();
  });

  it('rejects when the connection breaks between two statements, and the process lives on', async () => {
    const token = await acquire(store, 'broken');
    const transaction = store.transaction(async (tx, records) => {
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await write(tx, 'broken');
      await fleet.pools[1].query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await records.complete('broken', token, OPTIONS.ttlMs);
    }, running());
    await expect(transaction).rejects.toThrow();
    expect(await effects('broken')).toBe(0);
    expect((await store.begin('broken', OPTIONS)).status).toBe('in_progress');
  });

  it('rejects in time while the pool has no free connection, and starts no work later', async () => {
    const small = connectStores(url, 1, { timeoutMs: 200, max: 1 });
    const [only] = small.pools;
    const [busy] = small.stores;
    const lent = await only.connect();
    let isStarted = false;
    const transaction = busy.transaction(() => {
      isStarted = true;
      return Promise.resolve();
    }, running());
    await expect(transaction).rejects.toMatchObject({ code: 'store_unavailable' });
    lent.release();
    await only.query('SELECT 1');
    expect(isStarted).toBe(false);
    await small.close();
  });

  it('says what to do for a client that has no transactions', async () => {
    const client = new pg.Client(url);
    const without = new PostgresIdempotencyStore({ client });
    await expect(without.transaction(() => Promise.resolve(), running())).rejects.toThrow(
      'option transaction',
    );
  });
});

describe('PostgresIdempotencyStore, transactions on PGlite', () => {
  it('commit, roll back, and are cut off by an abort', async () => {
    const client = await PGlite.create();
    const store = new PostgresIdempotencyStore({ client });
    await store.migrate();
    await client.query('CREATE TABLE effects (event text)');
    const token = await acquire(store, 'event');
    const abort = new AbortController();
    let late: (() => Promise<unknown>) | undefined;
    const aborted = store.transaction(async (tx) => {
      await tx.query("INSERT INTO effects VALUES ('aborted')");
      late = () => tx.query("INSERT INTO effects VALUES ('late')");
      abort.abort(new Error('too late'));
      await new Promise(() => undefined);
    }, abort.signal);
    await expect(aborted).rejects.toThrow('too late');
    await expect(late?.()).rejects.toThrow('closed');
    const rejected = store.transaction(async (tx, records) => {
      await tx.query("INSERT INTO effects VALUES ('rejected')");
      await records.complete('event', token, OPTIONS.ttlMs);
      throw new Error('no');
    }, running());
    await expect(rejected).rejects.toThrow('no');
    await store.transaction(async (tx, records) => {
      await tx.query("INSERT INTO effects VALUES ('committed')");
      await records.complete('event', token, OPTIONS.ttlMs);
    }, running());
    expect((await client.query('SELECT event FROM effects')).rows).toEqual([{ event: 'committed' }]);
    expect((await store.begin('event', OPTIONS)).status).toBe('done');
    await client.close();
  }, 60_000);
});
