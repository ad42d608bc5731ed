import pg from 'pg';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import type { BeginResult, FencingToken, IdempotencyStore } from '../../lib/index.js';

export const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };

/** At least one; tests know how many they asked for. */
type Some<T> = readonly [T, T, T, T, T, ...T[]];

/** As many pools, each with its store, as there would be processes. */
export interface StoreFleet {
  readonly stores: Some<PostgresIdempotencyStore<pg.Pool>>;
  readonly pools: Some<pg.Pool>;
  close(): Promise<void>;
}

export function connectStores(
  url: string,
  count: number,
  options: { timeoutMs?: number; max?: number } = {},
): StoreFleet {
  const pools = Array.from({ length: count }, () => {
    const pool = new pg.Pool({ connectionString: url, max: options.max ?? 4 });
    pool.on('error', () => undefined); // Servers are killed here.
    return pool;
  });
  return {
    pools: pools as unknown as Some<pg.Pool>,
    stores: pools.map(
      (client) => new PostgresIdempotencyStore({ client, timeoutMs: options.timeoutMs ?? 20_000 }),
    ) as unknown as Some<PostgresIdempotencyStore<pg.Pool>>,
    close: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}

export async function acquire(store: IdempotencyStore, key: string, leaseMs?: number): Promise<FencingToken> {
  const answer = await store.begin(key, { ...OPTIONS, ...(leaseMs !== undefined && { leaseMs }) });
  if (answer.status !== 'acquired') {
    throw new Error(`${key} is ${answer.status}.`);
  }
  return answer.token;
}

/** Moves the server's clock on, as far as the rows are concerned. */
export async function passTime(pool: pg.Pool, ms: number): Promise<void> {
  const by = `interval '${ms} ms'`;
  await pool.query(
    `UPDATE scalekit_webhook_events SET until = until - ${by}, forget_after = forget_after - ${by}`,
  );
}

export const count = (answers: readonly BeginResult[], status: BeginResult['status']) =>
  answers.filter((answer) => answer.status === status).length;
