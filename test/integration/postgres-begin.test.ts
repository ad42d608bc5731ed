import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import {
  acquire,
  connectStores,
  count,
  OPTIONS,
  passTime,
  type StoreFleet,
} from '../support/postgres-store.js';
import type { BeginResult } from '../../lib/index.js';
import { PostgresServer } from '../support/postgres-server.js';

type Acquired = Extract<BeginResult, { status: 'acquired' }>;

describe('PostgresIdempotencyStore, many calls at once', () => {
  let server: PostgresServer;
  let fleet: StoreFleet;
  let store: PostgresIdempotencyStore;
  let marks = 0;

  /** The statements of the store that the server has executed while `calls` ran, by its own log. */
  async function expectOneStatement(calls: () => Promise<unknown>): Promise<void> {
    const mark = async () => {
      const text = `mark ${++marks}`;
      await fleet.pools[0].query(`SELECT '${text}'`);
      await expect.poll(() => server.log, { timeout: 20_000 }).toContain(text);
      return server.log.indexOf(text);
    };
    const from = await mark();
    await calls();
    const to = await mark();
    const log = server.log.slice(from, to);
    const statements = log.match(/LOG: {2}(execute|statement).*(WITH wanted|SELECT "scalekit_)/g) ?? [];
    expect(statements, log).toHaveLength(1);
  }

  beforeAll(async () => {
    server = await PostgresServer.start({
      fsync: false,
      settings: { log_statement: 'all', log_parameter_max_length: '0' },
    }); // Short lines: they don't mix.
    fleet = connectStores(await server.createDatabase(), 5, { max: 10 });
    store = fleet.stores[0];
    await store.migrate();
  }, 180_000);

  afterAll(async () => {
    await fleet.close();
    await server.stop();
  });

  it('lets exactly one of 1,000 that ask at once on 50 connections have the key, in each of 20 rounds', async () => {
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, async (_, index) => {
          const each = fleet.stores[index % 5] ?? store;
          return each.begin(`same ${round}`, OPTIONS);
        }),
      );
      expect(count(answers, 'acquired')).toBe(1);
      expect(count(answers, 'in_progress')).toBe(999);
    }
  });

  it('lets exactly one have it when every call goes to a connection of its own, for new, released and lapsed keys', async () => {
    // A store an ask: nothing is shared before the server sees it.
    const single = fleet.pools.flatMap((pool) =>
      Array.from({ length: 10 }, () => new PostgresIdempotencyStore({ client: pool, timeoutMs: 20_000 })),
    );
    for (let round = 0; round < 60; round++) {
      const key = `alone ${round}`;
      if (round % 3 > 0) {
        const token = await acquire(store, key, round % 3 === 2 ? 0 : undefined);
        if (round % 3 === 1) {
          await store.release(key, token);
        }
      }
      const answers = await Promise.all(single.map((each) => each.begin(key, OPTIONS)));
      expect(count(answers, 'acquired')).toBe(1);
      expect(count(answers, 'in_progress')).toBe(single.length - 1);
    }
  });

  it('gives each of many keys, asked for in opposite orders by several processes, to exactly one', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `many ${index}`);
    const answers = await Promise.all(
      fleet.stores.map(async (each, index) =>
        Promise.all((index % 2 ? keys : [...keys].reverse()).map((key) => each.begin(key, OPTIONS))),
      ),
    );
    expect(count(answers.flat(), 'acquired')).toBe(keys.length);
    const tokens = answers.flat().flatMap((answer) => (answer.status === 'acquired' ? [answer.token] : []));
    expect(new Set(tokens).size).toBe(keys.length);
  });

  it('begins one key in one statement, and a hundred of the same turn in one, too', async () => {
    await expectOneStatement(() => acquire(store, 'first'));
    const keys = Array.from({ length: 100 }, (_, index) => `turn ${index}`);
    await expectOneStatement(() => Promise.all(keys.map((key) => store.begin(key, OPTIONS))));
    await expectOneStatement(() => Promise.all(keys.map(() => store.begin('same', OPTIONS))));
  });

  it('renews, records, completes and releases a hundred keys in one statement each', async () => {
    const claims = await Promise.all(
      Array.from(
        { length: 100 },
        async (_, index) => [`held ${index}`, await acquire(store, `held ${index}`)] as const,
      ),
    );
    const all = (call: (key: string, token: number) => Promise<boolean>) => async () => {
      const answers = await Promise.all(claims.map((claim) => call(...claim)));
      expect(answers).toEqual(claims.map(() => true));
    };
    await expectOneStatement(all((key, token) => store.renew(key, token, 60_000)));
    await expectOneStatement(all((key, token) => store.handlerDone(key, token, 'A.one')));
    await expectOneStatement(all((key, token) => store.release(key, token)));
    const again = await Promise.all(claims.map(([key]) => store.begin(key, OPTIONS)));
    expect(again).toEqual(
      claims.map(() => expect.objectContaining({ attempt: 2, handlersDone: ['A.one'] }) as unknown),
    );
    const tokens = again.map((answer) => ('token' in answer ? answer.token : 0));
    const completing = () =>
      Promise.all(claims.map(([key], index) => store.complete(key, tokens[index] ?? 0, 1_000)));
    await expectOneStatement(completing);
  });

  it('does not write a row to say that it is taken', async () => {
    const token = await acquire(store, 'duplicates');
    await store.complete('duplicates', token, OPTIONS.ttlMs);
    const version = async () =>
      (
        await fleet.pools[0].query<{ xmin: string }>(
          "SELECT xmin, xmax FROM scalekit_webhook_events WHERE key = 'duplicates'",
        )
      ).rows;
    const before = await version();
    await store.begin('duplicates', OPTIONS);
    expect(await version()).toEqual(before);
  });

  it('records every one of the handlers of a key that finish at once, on several connections', async () => {
    const token = await acquire(store, 'handlers');
    const names = Array.from({ length: 60 }, (_, index) => `A.handler${index}`);
    await Promise.all(
      names.map(async (name, index) => fleet.stores[index % 5]?.handlerDone('handlers', token, name)),
    );
    await store.release('handlers', token);
    const { handlersDone } = (await store.begin('handlers', OPTIONS)) as Acquired;
    expect([...handlersDone].sort()).toEqual([...names].sort());
  });

  it('lets one of two completions of a turn count', async () => {
    const token = await acquire(store, 'twice');
    const ends = await Promise.all([
      store.complete('twice', token, 1_000),
      store.complete('twice', token, 1_000),
    ]);
    expect(ends.sort()).toEqual([false, true]);
  });

  it('answers calls of one turn for one key by their positions', async () => {
    const at = (position: bigint) => store.begin('ordered', { ...OPTIONS, position });
    const first = await Promise.all([at(3n), at(9_007_199_254_740_993n), at(9_007_199_254_740_992n)]);
    expect(first.map(({ status }) => status)).toEqual(['in_progress', 'acquired', 'in_progress']);
    await store.complete('ordered', (first[1] as { token: number }).token, OPTIONS.ttlMs);
    const second = await Promise.all([at(9_007_199_254_740_992n), at(9_007_199_254_740_993n), at(4n)]);
    expect(second.map(({ status }) => status)).toEqual(['done', 'acquired', 'done']);
  });

  it('tells keys apart that PostgreSQL has no text for, and fails no call beside them', async () => {
    const odd = [
      '\0',
      'a\0',
      'a',
      '\ud800',
      '\ud801',
      '\ufffd',
      'long '.repeat(5_000),
      'long '.repeat(5_001),
    ];
    const answers = await Promise.all(odd.map((key) => store.begin(`odd ${key}`, OPTIONS)));
    expect(count(answers, 'acquired')).toBe(odd.length);
    const again = await Promise.all(odd.map((key) => store.begin(`odd ${key}`, OPTIONS)));
    expect(count(again, 'in_progress')).toBe(odd.length);
  });

  it('fails only the call with a value that the server refuses', async () => {
    const [good, bad] = await Promise.allSettled([
      store.begin('good', OPTIONS),
      store.begin('bad', { ...OPTIONS, ttlMs: 1e300 }),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: { status: 'acquired' } });
    expect(bad.status).toBe('rejected');
  });

  it('refuses a handler name that PostgreSQL has no text for', async () => {
    const token = await acquire(store, 'named');
    await expect(store.handlerDone('named', token, 'A.\0')).rejects.toThrow("can't keep the handler name");
  });

  it('grows the token of a key with every claim, whoever makes it', async () => {
    let last = 0;
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(fleet.stores.map((each) => each.begin('growing', OPTIONS)));
      const [token] = answers.flatMap((answer) => (answer.status === 'acquired' ? [answer.token] : []));
      expect(token).toBeGreaterThan(last);
      last = token ?? 0;
      await passTime(fleet.pools[0], OPTIONS.leaseMs + 1);
    }
  });
});
