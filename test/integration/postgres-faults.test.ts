import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { acquire, connectStores, count, OPTIONS, type StoreFleet } from '../support/postgres-store.js';
import { PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

describe('PostgresIdempotencyStore, when its server fails', () => {
  let server: PostgresServer;
  let proxy: TcpProxy;
  let fleet: StoreFleet;
  let pool: pg.Pool;
  let store: PostgresIdempotencyStore;
  let direct: StoreFleet;

  beforeAll(async () => {
    server = await PostgresServer.start();
    const url = await server.createDatabase();
    proxy = await TcpProxy.start(server.port);
    const through = Object.assign(new URL(url), { port: String(proxy.port) }).href;
    fleet = connectStores(through, 1, { timeoutMs: 1_500 });
    direct = connectStores(url, 1);
    [pool] = fleet.pools;
    [store] = fleet.stores;
    await direct.stores[0].migrate();
  }, 180_000);

  afterAll(async () => {
    await Promise.all([fleet.close(), direct.close()]);
    await proxy.stop();
    await server.stop();
  });

  const recovered = () =>
    expect.poll(() => store.begin('recovers', { ...OPTIONS, leaseMs: 0 }).catch(() => undefined), {
      timeout: 20_000,
    });

  it('rejects in time while the server is stopped, and gives back what it then claimed all the same', async () => {
    const held = await acquire(store, 'held');
    server.pause();
    const keys = Array.from({ length: 20 }, (_, index) => `stopped ${index}`);
    const answers = await Promise.allSettled([
      ...keys.map((key) => store.begin(key, OPTIONS)),
      store.complete('held', held, OPTIONS.ttlMs),
    ]);
    expect(
      answers.map((answer) => answer.status === 'rejected' && (answer.reason as { code: string }).code),
    ).toEqual(answers.map(() => 'store_unavailable'));
    server.resume();
    for (const key of keys) {
      await expect
        .poll(async () => (await store.begin(key, OPTIONS)).status, { timeout: 20_000 })
        .toBe('acquired');
    }
    expect((await store.begin('held', OPTIONS)).status).toBe('done');
  });

  it('fails while the server is dead, and has lost nothing that was answered when it is back', async () => {
    const done = await acquire(store, 'survives');
    const ends = Promise.all(
      Array.from({ length: 50 }, async (_, index) => acquire(store, `burst ${index}`)),
    );
    const tokens = await ends;
    await store.complete('survives', done, OPTIONS.ttlMs);
    await server.kill();
    await expect(store.begin('dead', OPTIONS)).rejects.toThrow();
    await server.restart();
    await recovered().toMatchObject({ status: 'acquired' });
    expect((await store.begin('survives', OPTIONS)).status).toBe('done');
    const again = await Promise.all(tokens.map((_, index) => store.begin(`burst ${index}`, OPTIONS)));
    expect(count(again, 'in_progress')).toBe(tokens.length);
    expect(await acquire(store, 'after')).toBeGreaterThan(Math.max(done, ...tokens));
  });

  it('never hands a key to two when answers are cut off', async () => {
    for (let round = 0; round < 10; round++) {
      const key = `cut ${round}`;
      await recovered().toMatchObject({ status: 'acquired' });
      void proxy.cutAfter('replies', round * 7);
      const answers = await Promise.allSettled([
        store.begin(key, OPTIONS),
        store.begin(`${key} too`, OPTIONS),
      ]);
      proxy.cutNow();
      const answered = answers
        .slice(0, 1)
        .flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const all = [...answered, await direct.stores[0].begin(key, OPTIONS)];
      expect(count(all, 'acquired')).toBeLessThanOrEqual(1);
    }
    await recovered().toMatchObject({ status: 'acquired' });
  });

  it('rejects in time while the pool has no free connection, and sends nothing that nobody waits for', async () => {
    const lent = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    await expect(store.begin('exhausted', OPTIONS)).rejects.toThrow('within 1500 ms');
    lent.forEach((client) => {
      client.release();
    });
    await expect.poll(async () => (await store.begin('exhausted', OPTIONS)).status).toBe('acquired');
  });

  it('keeps the calls for other keys going while somebody has a row locked', async () => {
    const token = await acquire(store, 'locked');
    await store.release('locked', token);
    const locker = await direct.pools[0].connect();
    await locker.query("BEGIN; SELECT 1 FROM scalekit_webhook_events WHERE key = 'locked' FOR UPDATE");
    const answers = await Promise.all([store.begin('locked', OPTIONS), store.begin('not locked', OPTIONS)]);
    expect(answers.map(({ status }) => status)).toEqual(['in_progress', 'acquired']);
    await locker.query('ROLLBACK');
    locker.release();
    expect((await store.begin('locked', OPTIONS)).status).toBe('acquired');
  });
});
