import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { afterAll, beforeAll } from 'vitest';
import { pgBossDispatcher, type PgBossDispatcherSettings } from '../../lib/adapters/pg-boss/index.js';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { PostgresServer } from './postgres-server.js';
import { eventually, type QueueBench, type QueueSettings } from './queue-bench.js';
import { WebhookApp, type WebhookAppSetup } from './webhook-app.js';

/** Retries at once, and a worker that notices a dead neighbour soon, but none that is only busy. */
export const HASTY: PgBossDispatcherSettings = {
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 5 },
  worker: { pollingIntervalSeconds: 0.05, heartbeatSeconds: 3 },
};

export interface QueueRow {
  readonly name: string;
  readonly state: string;
  readonly retry_count: number;
  readonly data: unknown;
  readonly delay_ms: number;
}

let lastScope = 0;

/** A PostgreSQL for the tests of a file, and what each of them opens there. */
export class PgBossBench implements QueueBench {
  server!: PostgresServer;
  url!: string;
  /** Queues and ledger of all tests of the file. */
  pool!: pg.Pool;
  private readonly open: { close(): Promise<unknown> }[] = [];

  static forThisFile(): PgBossBench {
    const bench = new PgBossBench();
    beforeAll(async () => {
      bench.server = await PostgresServer.start();
      bench.url = await bench.server.createDatabase();
      bench.pool = new pg.Pool({ connectionString: bench.url, max: 10 });
      bench.pool.on('error', () => undefined);
      const boss = new PgBoss(bench.url);
      await boss.start();
      await boss.stop();
    }, 60_000);
    afterAll(async () => {
      await bench.pool.end();
      await bench.server.stop();
    });
    return bench;
  }

  scope(): string {
    return `test-${++lastScope}`;
  }

  /** A ledger of that queue's own. */
  async store(scope: string): Promise<PostgresIdempotencyStore<pg.Pool, pg.PoolClient>> {
    const store = new PostgresIdempotencyStore({ client: this.pool, table: scope.replace('-', '_') });
    await store.migrate();
    return store;
  }

  async start(
    setup: WebhookAppSetup,
    { scope = this.scope(), ...settings }: PgBossDispatcherSettings & { scope?: string } = {},
  ): Promise<WebhookApp> {
    const options = { connectionString: this.url, queueName: scope, ...HASTY, ...settings };
    const webhook =
      setup.webhook === null
        ? null
        : {
            dispatcher: pgBossDispatcher(options),
            idempotency: { store: await this.store(scope) },
            ...setup.webhook,
          };
    const app = await WebhookApp.start({ ...setup, webhook });
    this.open.push(app);
    return app;
  }

  closeLater(resource: { close(): Promise<unknown> }): void {
    this.open.push(resource);
  }

  /** For `afterEach`. */
  async closeAll(): Promise<void> {
    for (const resource of this.open.splice(0).reverse()) {
      await resource.close();
    }
  }

  /** The queue's jobs, dead or alive. */
  async rows(scope: string): Promise<QueueRow[]> {
    const { rows } = await this.pool.query<QueueRow>(
      `SELECT name, state::text, retry_count, data, extract(epoch from start_after - now())::float8 * 1000 AS delay_ms
       FROM pgboss.job WHERE name = $1 ORDER BY created_on, id`,
      [scope],
    );
    return rows;
  }

  connections(): Promise<number> {
    return connectionsOf(this.pool);
  }

  async ownServer() {
    const server = await PostgresServer.start();
    this.closeLater({ close: () => server.stop() });
    const { url: connectionString } = server;
    return {
      server,
      dispatcher: (settings: QueueSettings) => pgBossDispatcher({ connectionString, ...HASTY, ...settings }),
      connections: async () => {
        const pool = new pg.Pool({ connectionString });
        const count = await connectionsOf(pool);
        await pool.end();
        return count;
      },
    };
  }

  async live(scope: string): Promise<number> {
    return (await this.rows(scope)).filter(({ state }) => /created|retry|active/.test(state)).length;
  }

  async settled(scope: string): Promise<void> {
    await eventually(() => this.live(scope)).toBe(0);
  }

  async delayed(scope: string): Promise<{ delayMs: number; attempts: number }[]> {
    return (await this.rows(scope))
      .filter(({ state }) => state === 'retry')
      .map((row) => ({ delayMs: row.delay_ms, attempts: row.retry_count + 1 }));
  }

  async copyJob(scope: string, copies: number): Promise<void> {
    await this.pool.query(
      `INSERT INTO pgboss.job (name, data, retry_limit, policy)
       SELECT name, data, retry_limit, policy FROM pgboss.job, generate_series(1, $2) WHERE name = $1`,
      [scope, copies],
    );
  }

  async promote(scope: string): Promise<void> {
    await this.pool.query('UPDATE pgboss.job SET start_after = now() WHERE name = $1', [scope]);
  }

  async whenNothingIsLeft(scope: string): Promise<void> {
    await eventually(() => this.rows(scope)).toEqual([]);
  }
}

async function connectionsOf(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name ILIKE '%pgboss%'",
  );
  return rowCount ?? 0;
}
