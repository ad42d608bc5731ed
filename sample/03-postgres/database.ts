import { PGlite } from '@electric-sql/pglite';
import type { DispatcherFactory, IdempotencyStore } from 'nestjs-scalekit-webhooks';
import { pgBossDispatcher } from 'nestjs-scalekit-webhooks/pg-boss';
import { PostgresIdempotencyStore } from 'nestjs-scalekit-webhooks/postgres';
import pg from 'pg';
import { fromPglite, PgBoss } from 'pg-boss';

/** What a handler is given to write with. */
export interface Transaction {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Where the ledger, the queue and the handlers' own tables are. */
export class Database {
  constructor(
    readonly store: IdempotencyStore,
    readonly dispatcher: DispatcherFactory,
    readonly close: () => Promise<void>,
  ) {}
}

/** The lock is for processes that start at the same time. */
const SEATS = `DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(3);
  CREATE TABLE IF NOT EXISTS seats (user_id text PRIMARY KEY, active boolean NOT NULL);
END $$`;

/** The server of `DATABASE_URL` or, without one, a folder: PostgreSQL then runs in this process. */
export async function openDatabase(): Promise<Database> {
  const { DATABASE_URL, DATABASE_FOLDER = 'scalekit-webhooks-data' } = process.env;
  return DATABASE_URL === undefined ? inFolder(DATABASE_FOLDER) : onServer(DATABASE_URL);
}

async function onServer(connectionString: string): Promise<Database> {
  const client = new pg.Pool({ connectionString });
  client.on('error', () => undefined); // The module logs what it can't do without the server.
  await client.query(SEATS);
  const store = new PostgresIdempotencyStore({ client });
  await store.migrate();
  return new Database(store, pgBossDispatcher({ connectionString }), () => client.end());
}

async function inFolder(folder: string): Promise<Database> {
  const client = await PGlite.create(folder);
  await client.exec(SEATS);
  const store = new PostgresIdempotencyStore({ client });
  await store.migrate();
  const boss = new PgBoss({ db: fromPglite(client), backend: 'pglite', schedule: false });
  await boss.start();
  return new Database(store, pgBossDispatcher({ boss }), async () => {
    await boss.stop();
    await client.close();
  });
}
