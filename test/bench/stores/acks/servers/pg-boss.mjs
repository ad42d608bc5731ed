import { createHash } from 'node:crypto';
import { PostgresIdempotencyStore } from 'nestjs-scalekit-webhooks/postgres';
import { pgBossDispatcher } from 'nestjs-scalekit-webhooks/pg-boss';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { startByHand } from './by-hand.mjs';
import { startOurs } from './ours.mjs';

const QUEUE = 'webhooks';
const POOL_SIZE = 10;

function countIn(pool) {
  return async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS jobs FROM pgboss.job WHERE name = $1', [
      QUEUE,
    ]);
    return rows[0].jobs;
  };
}

export async function ours(url) {
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
  const store = new PostgresIdempotencyStore({ client: pool });
  await store.migrate();
  const dispatcher = pgBossDispatcher({ connectionString: url, queueName: QUEUE });
  const port = await startOurs(store, dispatcher);
  return { port, count: countIn(pool) };
}

async function byHand(url, claims) {
  const pool = new pg.Pool({ connectionString: url });
  const boss = new PgBoss({ connectionString: url, max: POOL_SIZE, schedule: false });
  await boss.start();
  await boss.createQueue(QUEUE);
  const options = { retryLimit: 7, retryDelay: 1, retryBackoff: true };
  const enqueue = (event) => boss.send(QUEUE, event, { ...options, id: uuidOf(event.id) });
  return { port: await startByHand(enqueue, claims), count: countIn(pool) };
}

function uuidOf(id) {
  const hex = createHash('sha256').update(id).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** pg-boss keeps finished jobs for a while: duplicates are told by the id of the job. */
export const byHandWithSend = (url) => byHand(url);

/** As a store of ours remembers. */
export async function byHandWithClaims(url) {
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
  await pool.query(
    'CREATE TABLE event (id text PRIMARY KEY, done boolean NOT NULL, expires timestamptz NOT NULL)',
  );
  const ask = async (name, text, id) => (await pool.query({ name, text, values: [id] })).rows[0];
  const insert = `INSERT INTO event VALUES ($1, false, now() + interval '1 minute') ON CONFLICT DO NOTHING RETURNING id`;
  return byHand(url, {
    begin: async (id) => {
      if (await ask('insert', insert, id)) {
        return undefined;
      }
      const { done } = await ask('select', 'SELECT done FROM event WHERE id = $1', id);
      return done ? 'done' : 'in progress';
    },
    complete: (id) =>
      ask('complete', `UPDATE event SET done = true, expires = now() + interval '7 days' WHERE id = $1`, id),
    release: (id) => ask('release', 'DELETE FROM event WHERE id = $1', id),
  });
}
