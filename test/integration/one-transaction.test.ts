import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { afterEach, describe, expect, it } from 'vitest';
import { pgBossDispatcher } from '../../lib/adapters/pg-boss/index.js';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import {
  EventTransaction,
  OnScalekitEvent,
  type ScalekitEnvelope,
  ScalekitWebhookService,
  signWebhook,
} from '../../lib/index.js';
import { HASTY, PgBossBench } from '../support/pg-boss-app.js';
import { eventually } from '../support/queue-bench.js';
import { anEvent, SECRET, WebhookApp } from '../support/webhook-app.js';

const ONE = /store and queue: one transaction/;
const APART = /store and queue: a transaction each \((.*)\)/;

@Injectable()
class Handlers {
  @OnScalekitEvent('user.created')
  handle(): void {
    // Nothing: what becomes of the job is the test.
  }
}

describe('a ledger and a queue in one database', () => {
  const bench = PgBossBench.forThisFile();
  afterEach(() => bench.closeAll());

  const receiver = (scope: string) =>
    bench.start({ providers: [Handlers], webhook: { role: 'receive' } }, { scope });
  const events = (count: number) => Array.from({ length: count }, () => anEvent());
  const ledgerOf = async (scope: string) => {
    const table = scope.replace('-', '_');
    const { rows } = await bench.pool.query<{ key: string; state: number; xmin: string }>(
      `SELECT key, state, xmin::text FROM ${table} ORDER BY key`,
    );
    return rows;
  };

  it('claim an event, queue its job and complete the claim in one transaction', async () => {
    const scope = bench.scope();
    const app = await receiver(scope);
    expect(app.logs.matching(ONE)).toHaveLength(1);
    const event = anEvent();
    expect(await app.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await app.deliver(event)).toMatchObject({ status: 200, body: 'Already accepted' });
    const { rows } = await bench.pool.query<{ xmin: string }>(
      'SELECT xmin::text FROM pgboss.job WHERE name = $1',
      [scope],
    );
    expect(await ledgerOf(scope)).toEqual([{ key: `default:${event.id}`, state: 3, xmin: rows[0]?.xmin }]);
    expect(rows).toHaveLength(1);
  });

  it('give each of 1,000 deliveries, of which 500 are duplicates, an answer of its own, with few commits', async () => {
    const scope = bench.scope();
    const app = await receiver(scope);
    const distinct = events(500);
    const service = app.app.get(ScalekitWebhookService);
    const receive = (event: object) => {
      const rawBody = JSON.stringify(event);
      const headers = { ...signWebhook({ body: rawBody, secret: SECRET, scheme: 'standard' }) };
      return service.receive({ rawBody, headers });
    };
    await bench.pool.query(
      `INSERT INTO ${scope.replace('-', '_')} (key, until, forget_after, fingerprint, attempt, state)
       VALUES ('expired', now() - interval '1 h', now() - interval '1 h', 0, 1, 3)`,
    );
    const before = await writes();
    const answers = await Promise.all([...distinct, ...distinct].map(receive));
    const commits = (await writes()) - before;
    expect(answers.filter(({ statusCode }) => statusCode !== 200)).toEqual([]);
    expect(answers.filter(({ body }) => body === 'OK')).toHaveLength(500);
    expect(answers.filter(({ body }) => body === 'Already accepted')).toHaveLength(500);
    expect(await bench.live(scope)).toBe(500);
    expect(commits / answers.length).toBeLessThanOrEqual(0.2);
    await eventually(async () => (await ledgerOf(scope)).some(({ key }) => key === 'expired')).toBe(false);
  });

  it('let two processes accept the same events in opposite orders', async () => {
    const scope = bench.scope();
    const [one, two] = [await receiver(scope), await receiver(scope)];
    const many = events(300);
    const answers = await Promise.all([
      ...many.map((event) => one.deliver(event)),
      ...[...many].reverse().map((event) => two.deliver(event)),
    ]);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.filter(({ body }) => body === 'OK')).toHaveLength(300);
    expect(await bench.live(scope)).toBe(300);
  });

  it('refuse the event alone that the database refuses, and keep nothing of it', async () => {
    const scope = bench.scope();
    const app = await receiver(scope);
    const [poison, ...others] = events(50) as [ReturnType<typeof anEvent>, ...ReturnType<typeof anEvent>[]];
    await bench.pool.query(`
      CREATE FUNCTION ${scope.replace('-', '_')}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF new.data ->> 'eventId' = '${poison.id}' THEN RAISE 'poison'; END IF; RETURN new; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON pgboss.job_common FOR EACH ROW EXECUTE FUNCTION ${scope.replace('-', '_')}_refuse()`);
    try {
      const answers = await Promise.all([poison, ...others].map((event) => app.deliver(event)));
      expect(answers.map(({ status }) => status)).toEqual([503, ...others.map(() => 200)]);
    } finally {
      await bench.pool.query('DROP TRIGGER refuse ON pgboss.job_common');
    }
    expect(await ledgerOf(scope)).toHaveLength(others.length);
    expect(await app.deliver(poison)).toMatchObject({ status: 200, body: 'OK' });
    expect(await bench.live(scope)).toBe(50);
  });

  it('begin an event that was begun before, and answer one that runs elsewhere', async () => {
    const scope = bench.scope();
    const app = await receiver(scope);
    const store = await bench.store(scope);
    const [released, running] = [anEvent(), anEvent()];
    const terms = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 0 };
    const begun = await store.begin(`default:${released.id}`, terms);
    if (begun.status !== 'acquired') throw new Error(begun.status);
    await store.release(`default:${released.id}`, begun.token);
    await store.begin(`default:${running.id}`, terms);
    const [new_, again, elsewhere] = await Promise.all(
      [anEvent(), released, running].map((event) => app.deliver(event)),
    );
    expect([new_?.status, again?.status, elsewhere?.status]).toEqual([200, 200, 409]);
    expect(await bench.live(scope)).toBe(2);
  });

  it('commit a transactional handler’s writes, its completion and the removal of its job together', async () => {
    const scope = bench.scope();
    const effects = `${scope.replace('-', '_')}_effects`;
    await bench.pool.query(`CREATE TABLE ${effects} (event text, job integer)`);
    @Injectable()
    class Transactional {
      @OnScalekitEvent('user.created', { transactional: true })
      async write({ id }: ScalekitEnvelope, @EventTransaction() transaction: pg.PoolClient): Promise<void> {
        await transaction.query(
          `INSERT INTO ${effects} SELECT $1, count(*) FROM pgboss.job WHERE name = $2`,
          [id, scope],
        );
      }
    }
    const app = await bench.start({ providers: [Transactional] }, { scope });
    const event = anEvent();
    await app.deliver(event);
    await bench.whenNothingIsLeft(scope);
    const { rows } = await bench.pool.query<{ job: number; xmin: string }>(
      `SELECT job, xmin::text FROM ${effects}`,
    );
    const handler = (await ledgerOf(scope)).find(({ key }) => key.endsWith('write'));
    expect(rows).toEqual([{ job: 1, xmin: handler?.xmin }]);
  });

  it('keep the job of a handler whose transaction fails to commit', async () => {
    const scope = bench.scope();
    const effects = `${scope.replace('-', '_')}_effects`;
    await bench.pool.query(
      `CREATE TABLE ${effects} (event text, UNIQUE (event) DEFERRABLE INITIALLY DEFERRED)`,
    );
    let runs = 0;
    @Injectable()
    class Transactional {
      @OnScalekitEvent('user.created', { transactional: true })
      async write({ id }: ScalekitEnvelope, @EventTransaction() transaction: pg.PoolClient): Promise<void> {
        runs++;
        await transaction.query(`INSERT INTO ${effects} SELECT $1 FROM generate_series(1, $2)`, [
          id,
          runs === 1 ? 2 : 1,
        ]);
      }
    }
    const app = await bench.start({ providers: [Transactional] }, { scope });
    await app.deliver(anEvent());
    await bench.whenNothingIsLeft(scope);
    const { rowCount } = await bench.pool.query(`SELECT FROM ${effects}`);
    expect([runs, rowCount]).toEqual([2, 1]);
  });

  /** How many transactions have written on this server. The question is one of them. */
  async function writes(): Promise<number> {
    const { rows } = await bench.pool.query<{ count: string }>('SELECT txid_current() AS count');
    return Number(rows[0]?.count);
  }

  describe('that can share no transaction', () => {
    const start = async (client: pg.Pool, { migrate = true, queueName = bench.scope() } = {}) => {
      bench.closeLater({ close: () => client.end() });
      const store = new PostgresIdempotencyStore({ client });
      if (migrate) {
        await store.migrate();
        await store.removeExpired(); // Its first write tells the store what the connection's defaults are.
      }
      const dispatcher = pgBossDispatcher({ connectionString: bench.url, queueName, ...HASTY });
      const app = await WebhookApp.start({
        providers: [Handlers],
        webhook: { dispatcher, idempotency: { store } },
      });
      bench.closeLater(app);
      return { app, queueName };
    };
    const works = async ({ app, queueName }: Awaited<ReturnType<typeof start>>, reason: RegExp) => {
      expect(app.logs.matching(APART).join()).toMatch(reason);
      expect(await app.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
      await eventually(() => bench.rows(queueName)).toEqual([]);
    };

    it('have one each, in two databases', async () => {
      const connectionString = await bench.server.createDatabase();
      await works(await start(new pg.Pool({ connectionString })), /relation "pgboss.queue" does not exist/);
    });

    it('have one each, in two databases, of which that of the store is read-only unless told otherwise', async () => {
      const url = `${await bench.server.createDatabase()}?options=-c%20default_transaction_read_only%3Don`;
      await works(
        await start(new pg.Pool({ connectionString: url })),
        /relation "pgboss.queue" does not exist/,
      );
    });

    it('have one each, in two databases that both have such a queue', async () => {
      const [connectionString, queueName] = [await bench.server.createDatabase(), bench.scope()];
      const boss = await new PgBoss(connectionString).start();
      await boss.createQueue(queueName);
      await boss.stop({ graceful: false });
      await works(await start(new pg.Pool({ connectionString }), { queueName }), /different databases/);
    });

    it('have one each, where the store may not use the tables of the queue', async () => {
      await bench.pool.query(`
        CREATE ROLE ledger LOGIN; CREATE SCHEMA ledger AUTHORIZATION ledger; ALTER ROLE ledger SET search_path = ledger`);
      const url = Object.assign(new URL(bench.url), { username: 'ledger' }).href;
      await works(await start(new pg.Pool({ connectionString: url })), /permission denied for schema pgboss/);
    });

    it('have one each, where the schema of the store is older', async () => {
      const client = new pg.Pool({ connectionString: bench.url });
      await new PostgresIdempotencyStore({ client }).migrate();
      await client.query('DROP FUNCTION scalekit_webhook_events_accept(text)');
      await works(await start(client, { migrate: false }), /function .*_accept\(text\) does not exist/);
    });
  });
});
