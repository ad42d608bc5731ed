import { createHash } from 'node:crypto';
import { PostgresIdempotencyStore } from 'nestjs-scalekit-webhooks/postgres';
import { pgBossDispatcher } from 'nestjs-scalekit-webhooks/pg-boss';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { startByHand } from './by-hand.mjs';
import { startOurs } from './ours.mjs';

const QUEUE = 'webhooks';
const POOL_SIZE = 10;

/** Transactions that wrote get numbers, and so does the question for the next one: its own is left out. */
function countIn(pool) {
  let questions = 0;
  const ask = async (text, ...values) => (await pool.query(text, values)).rows[0].answer;
  return {
    count: () => ask('SELECT count(*)::int AS answer FROM pgboss.job WHERE name = $1', QUEUE),
    commits: async () => Number(await ask('SELECT txid_current() AS answer')) - questions++,
  };
}

export async function ours(url, ledgerUrl = url) {
  const open = (connectionString) => new pg.Pool({ connectionString, max: POOL_SIZE });
  const store = new PostgresIdempotencyStore({ client: open(ledgerUrl) });
  await store.migrate();
  const dispatcher = pgBossDispatcher({ connectionString: url, queueName: QUEUE });
  const port = await startOurs(store, dispatcher);
  return { port, ...countIn(open(url)) };
}

/** The ledger in another database: claim, job and completion are a transaction each. */
export async function oursApart(url) {
  const ledgerUrl = new URL(url);
  ledgerUrl.pathname += '_ledger';
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE "${ledgerUrl.pathname.slice(1)}"`);
  await client.end();
  return ours(url, ledgerUrl.href);
}

async function byHand(url, claims) {
  const pool = new pg.Pool({ connectionString: url });
  const boss = new PgBoss({ connectionString: url, max: POOL_SIZE, schedule: false });
  await boss.start();
  await boss.createQueue(QUEUE);
  const options = { retryLimit: 7, retryDelay: 1, retryBackoff: true };
  const enqueue = (event) => boss.send(QUEUE, event, { ...options, id: uuidOf(event.id) });
  return { port: await startByHand(enqueue, claims), ...countIn(pool) };
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
