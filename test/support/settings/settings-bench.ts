import ioredisModule from 'ioredis'; // Version 5.0 has no export of the name Redis.
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { createClient } from 'redis';
import { afterAll, beforeAll } from 'vitest';
import { bullMqDispatcher } from '../../../lib/adapters/bullmq/index.js';
import { pgBossDispatcher } from '../../../lib/adapters/pg-boss/index.js';
import { PostgresIdempotencyStore } from '../../../lib/adapters/postgres/index.js';
import { RedisIdempotencyStore } from '../../../lib/adapters/redis/index.js';
import {
  type BeginResult,
  type DispatcherFactory,
  type IdempotencyStore,
  inlineDispatcher,
  MemoryIdempotencyStore,
} from '../../../lib/index.js';
import { anyPostgres } from '../postgres-server.js';
import { anyRedis } from '../redis-server.js';
import type { Settings } from './settings.js';

/** The least that a store of a user's own does; the map stands for a database that all processes share. */
function ownStore(): IdempotencyStore {
  const rows = new Map<string, { state: 'running' | 'free' | 'done' | 'accepted'; attempt: number }>();
  const handlers = new Map<string, string[]>();
  const fingerprints = new Map<string, number>();
  const held = (key: string, token: number) => {
    const row = rows.get(key);
    return row?.state === 'running' && row.attempt === token ? row : undefined;
  };
  return {
    begin(key, { fingerprint, leaseMs }): Promise<BeginResult> {
      const { state, attempt } = rows.get(key) ?? { state: 'free', attempt: 0 };
      if (state === 'running') {
        return Promise.resolve({ status: 'in_progress', retryAfterMs: leaseMs });
      }
      if (state !== 'free') {
        return Promise.resolve({ status: state, fingerprint: fingerprints.get(key) ?? 0 });
      }
      rows.set(key, { state: 'running', attempt: attempt + 1 });
      fingerprints.set(key, fingerprint);
      const handlersDone = handlers.get(key) ?? [];
      return Promise.resolve({ status: 'acquired', token: attempt + 1, attempt: attempt + 1, handlersDone });
    },
    renew: (key, token) => Promise.resolve(held(key, token) !== undefined),
    handlerDone(key, token, handler) {
      handlers.set(key, [...(handlers.get(key) ?? []), handler]);
      return Promise.resolve(held(key, token) !== undefined);
    },
    complete: (key, token, _ttlMs, as = 'done') => settle(key, token, as),
    release: (key, token) => settle(key, token, 'free'),
  };
  function settle(key: string, token: number, state: 'free' | 'done' | 'accepted'): Promise<boolean> {
    const row = held(key, token);
    if (row) {
      row.state = state;
    }
    return Promise.resolve(row !== undefined);
  }
}

/** One of a user's own, around one of ours: without a queue, hooks or failed events. */
const ownDispatcher: DispatcherFactory = (host) => {
  const inner = inlineDispatcher()(host);
  return { name: 'own', dispatch: (delivery, claim) => inner.dispatch(delivery, claim) };
};

const SOON = { backoff: { type: 'fixed', delayMs: 5 } } as const;

/** One Redis and one PostgreSQL, with their clients, for all applications of a file. */
export class SettingsBench {
  private readonly open: (() => Promise<unknown>)[] = [];
  private stores!: Record<Settings['store'], () => IdempotencyStore>;
  private dispatchers!: Record<Settings['dispatcher'], () => DispatcherFactory>;

  static forThisFile(): SettingsBench {
    const bench = new SettingsBench();
    beforeAll(() => bench.start(), 60_000);
    afterAll(async () => {
      for (const close of bench.open.reverse()) await close();
    });
    return bench;
  }

  /** What a process of its own would have: the memory store is new each time, the others are shared. */
  store(kind: Settings['store']): IdempotencyStore {
    return this.stores[kind]();
  }

  dispatcher(kind: Settings['dispatcher']): DispatcherFactory {
    return this.dispatchers[kind]();
  }

  private async start(): Promise<void> {
    const [redisServer, postgresServer] = await Promise.all([anyRedis(), anyPostgres({ fsync: false })]);
    this.open.push(
      () => redisServer.stop(),
      () => postgresServer.stop(),
    );
    const { hostname: host, port } = new URL(redisServer.url);
    const connectionString = await postgresServer.createDatabase();

    const ioredis = new ioredisModule.default(redisServer.url);
    const redis = await createClient({ url: redisServer.url }).connect();
    const pool = new pg.Pool({ connectionString });
    const boss = new PgBoss({ connectionString, max: 5, schedule: false });
    await boss.start();
    const postgres = new PostgresIdempotencyStore({ client: pool });
    await postgres.migrate();
    this.open.push(
      () => ioredis.quit(),
      () => redis.close(),
      () => pool.end(),
      () => boss.stop({ graceful: false }),
    );

    const own = ownStore();
    this.stores = {
      memory: () => new MemoryIdempotencyStore(),
      ioredis: () => new RedisIdempotencyStore({ client: ioredis }),
      redis: () => new RedisIdempotencyStore({ client: redis }),
      postgres: () => postgres,
      own: () => own,
    };
    const worker = { pollingIntervalSeconds: 0.05 };
    this.dispatchers = {
      inline: () => inlineDispatcher(),
      own: () => ownDispatcher,
      bullmq: () => bullMqDispatcher({ connection: { host, port: Number(port) }, ...SOON }),
      'pg-boss': () => pgBossDispatcher({ connectionString, worker, ...SOON }),
      'own pg-boss': () => pgBossDispatcher({ boss, worker, ...SOON }),
    };
  }
}
