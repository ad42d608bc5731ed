import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EventTransaction,
  OnScalekitEvent,
  type ScalekitEnvelope,
  type ScalekitEventContext,
  ScalekitWebhookModule,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { pgBossDispatcher } from '../../lib/adapters/pg-boss/index.js';
import { HASTY, PgBossBench } from '../support/pg-boss-app.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, SECRET, WebhookApp } from '../support/webhook-app.js';

const bench = PgBossBench.forThisFile();
afterEach(() => bench.closeAll());

describe('a boss of the user', () => {
  it('carries the events in its schema, and is not stopped', async () => {
    const boss = new PgBoss({ connectionString: bench.url, schema: 'mine' });
    boss.on('error', () => undefined);
    await boss.start();
    bench.closeLater({ close: () => boss.stop({ graceful: false }) });
    const dispatcher = pgBossDispatcher({ boss, schema: 'mine', ...HASTY });
    const server = await bench.start({ providers: [Recorder], webhook: { dispatcher } });
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    await eventually(() => server.app.get(Recorder).ids).toEqual([event.id]);
    await server.close();
    expect(await boss.getQueue('scalekit-webhooks')).toMatchObject({
      deadLetter: 'scalekit-webhooks-failed',
    });
    expect(boss.listenerCount('error')).toBe(1);
  });

  const failToStart = async (schema: string, createQueues: (boss: PgBoss, name: string) => Promise<void>) => {
    const boss = new PgBoss({ connectionString: bench.url, schema });
    await boss.start();
    bench.closeLater({ close: () => boss.stop({ graceful: false }) });
    const queueName = bench.scope();
    await createQueues(boss, queueName);
    const dispatcher = pgBossDispatcher({ boss, queueName, ...HASTY, timeoutMs: 20_000 });
    const { error } = await WebhookApp.failToStart({ webhook: { dispatcher, ...sharedMemory() } });
    expect(error).toMatchObject({ code: 'invalid_options' });
    return error.message;
  };

  it('whose schema is not named stops the boot', async () => {
    const message = await failToStart('theirs', () => Promise.resolve());
    expect(message).toMatch(/finds no queue.*Give it the schema of its boss/);
  });

  it.each(['short', 'singleton', 'stately', 'exclusive', 'key_strict_fifo'] as const)(
    'whose queue has the policy %s, which drops or delays jobs, stops the boot',
    async (policy) => {
      const message = await failToStart('pgboss', (boss, name) => boss.createQueue(name, { policy }));
      expect(message).toMatch(/the queue "test-\d+", which has the policy "\w+".*queueName/);
    },
  );

  it('whose queue of dead letters has such a policy stops the boot', async () => {
    const message = await failToStart('pgboss', (boss, name) =>
      boss.createQueue(`${name}-failed`, { policy: 'exclusive' }),
    );
    expect(message).toMatch(/the queue "test-\d+-failed", which has the policy "exclusive"/);
  });
});

describe('a pg-boss whose tables this package does not know', () => {
  it('stops the boot, before anything of it is touched, with the versions that are supported', async () => {
    const connectionString = await bench.server.createDatabase();
    const boss = await new PgBoss(connectionString).start();
    bench.closeLater({ close: () => boss.stop({ graceful: false }) });
    boss.schemaVersion = () => Promise.resolve(9_999);
    const { error } = await WebhookApp.failToStart({
      webhook: { dispatcher: pgBossDispatcher({ boss, ...HASTY, timeoutMs: 10_000 }), ...sharedMemory() },
    });
    expect(error).toMatchObject({ code: 'unsupported_schema' });
    expect(error.message).toMatch(/supports pg-boss with schema version \d+.*has version 9999/);
    expect(await boss.getQueue('scalekit-webhooks')).toBeNull();
  });
});

describe('an empty database', () => {
  it('is prepared by ten processes at once', async () => {
    const connectionString = await bench.server.createDatabase();
    const servers = await Promise.all(
      Array.from({ length: 10 }, () =>
        bench.start({
          webhook: {
            role: 'receive',
            dispatcher: pgBossDispatcher({ connectionString, ...HASTY }),
            ...sharedMemory(),
          },
        }),
      ),
    );
    const events = servers.map(() => anEvent());
    await eventually(async () => {
      const answers = await Promise.all(servers.map((server, at) => server.deliver(events[at] ?? {})));
      return answers.every(({ status }) => status === 200);
    }).toBe(true);
    const pool = new pg.Pool({ connectionString });
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM pgboss.queue ORDER BY name');
    expect(rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['scalekit-webhooks', 'scalekit-webhooks-failed']),
    );
    const { rows: jobs } = await pool.query("SELECT 1 FROM pgboss.job WHERE name = 'scalekit-webhooks'");
    expect(jobs).toHaveLength(10);
    await pool.end();
  });
});

describe('two endpoints', () => {
  @Injectable()
  class Handlers {
    readonly seen: string[] = [];

    @OnScalekitEvent('*')
    record(event: ScalekitEnvelope, { endpoint }: ScalekitEventContext): void {
      this.seen.push(`${endpoint} ${event.id}`);
    }
  }

  it('have a queue each', async () => {
    const dispatcher = pgBossDispatcher({ connectionString: bench.url, ...HASTY });
    const store = await bench.store(bench.scope());
    const forRoot = (name: string) =>
      ScalekitWebhookModule.forRoot({ secret: SECRET, name, path: name, dispatcher, idempotency: { store } });
    const app = await bench.start({
      webhook: null,
      imports: [forRoot('default'), forRoot('blue')],
      providers: [Handlers],
    });
    for (const path of ['/default', '/blue']) {
      expect(await app.deliver({ ...anEvent(), id: 'same' }, { path })).toMatchObject({ status: 200 });
    }
    await eventually(() => [...app.app.get(Handlers).seen].sort()).toEqual(['blue same', 'default same']);
    const { rows } = await bench.pool.query<{ name: string }>(
      "SELECT name FROM pgboss.queue WHERE name LIKE 'scalekit-webhooks%' ORDER BY name",
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'scalekit-webhooks',
      'scalekit-webhooks-blue',
      'scalekit-webhooks-blue-failed',
      'scalekit-webhooks-failed',
    ]);
  });

  it('have names with the namespace', async () => {
    const dispatcher = pgBossDispatcher({ connectionString: bench.url, ...HASTY });
    await bench.start({ webhook: { dispatcher, namespace: 'billing', ...sharedMemory() } });
    const { rows } = await bench.pool.query<{ name: string }>(
      "SELECT name FROM pgboss.queue WHERE name LIKE '%billing%' ORDER BY name",
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'scalekit-webhooks-billing',
      'scalekit-webhooks-billing-failed',
    ]);
  });

  it('lose nothing on a queue that they share with each other and with a stranger', async () => {
    const scope = bench.scope();
    const dispatcher = pgBossDispatcher({ connectionString: bench.url, queueName: scope, ...HASTY });
    const store = await bench.store(scope);
    const forRoot = (name: string) =>
      ScalekitWebhookModule.forRoot({ secret: SECRET, name, path: name, dispatcher, idempotency: { store } });
    const app = await bench.start({
      webhook: null,
      imports: [forRoot('green'), forRoot('blue')],
      providers: [Handlers],
    });
    await bench.pool.query(`INSERT INTO pgboss.job (name, data) VALUES ($1, '{"to": "ada"}')`, [scope]);
    const ids = ['1a', '2a', '3a', '4a'];
    await Promise.all(
      ids.flatMap((id) => ['/green', '/blue'].map((path) => app.deliver({ ...anEvent(), id }, { path }))),
    );
    const expected = ids.flatMap((id) => [`blue ${id}`, `green ${id}`]).sort();
    await eventually(() => [...app.app.get(Handlers).seen].sort()).toEqual(expected);
    await eventually(() => bench.rows(scope)).toMatchObject([{ data: { to: 'ada' }, retry_count: 0 }]);
    expect(app.logs.matching(/foreign_job: The queue "test-\d+" holds jobs/)).not.toEqual([]);
  });
});

describe('a transactional handler in a worker', () => {
  it('has its writes and its completion committed together', async () => {
    const scope = bench.scope();
    const table = `effects_${scope.replace('-', '_')}`;
    await bench.pool.query(`CREATE TABLE ${table} (event text)`);
    let attempts = 0;
    @Injectable()
    class Writer {
      @OnScalekitEvent('*', { transactional: true })
      async write({ id }: ScalekitEnvelope, @EventTransaction() tx: pg.PoolClient) {
        attempts++;
        await tx.query(`INSERT INTO ${table} VALUES ($1)`, [id]);
        if (attempts < 3) throw new Error('rolled back');
      }
    }
    const server = await bench.start({ providers: [Writer] }, { scope });
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 200 });
    await bench.whenNothingIsLeft(scope);
    const { rows } = await bench.pool.query<{ event: string }>(`SELECT event FROM ${table}`);
    expect(rows).toEqual([{ event: event.id }]);
    expect(attempts).toBe(3);
  });
});

describe('a transactional handler that a double click replays', () => {
  it('commits its writes once more, not twice', async () => {
    const scope = bench.scope();
    const table = `effects_${scope.replace('-', '_')}`;
    await bench.pool.query(`CREATE TABLE ${table} (event text)`);
    let isBroken = true;
    @Injectable()
    class Writer {
      @OnScalekitEvent('*', { transactional: true })
      async write({ id }: ScalekitEnvelope, @EventTransaction() tx: pg.PoolClient) {
        await tx.query(`INSERT INTO ${table} VALUES ($1)`, [id]);
      }

      @OnScalekitEvent('*')
      broken() {
        if (isBroken) throw new UnrecoverableEventError('not now');
      }
    }
    const server = await bench.start({ providers: [Writer] }, { scope });
    const service = server.app.get(ScalekitWebhookService);
    const event = anEvent();
    await server.deliver(event);
    await bench.settled(scope);
    isBroken = false;
    const answers = await Promise.all([1, 2, 3].map(() => service.replay(event.id, { all: true })));
    expect(answers.sort()).toEqual([0, 0, 2]);
    await bench.settled(scope);
    const { rows } = await bench.pool.query(`SELECT event FROM ${table}`);
    expect(rows).toEqual([{ event: event.id }, { event: event.id }]);
  });
});

describe('an organization id that PostgreSQL refuses', () => {
  it.each(['org_\0', 'org_\ud800'])('is left out: %j', async (organization_id) => {
    const scope = bench.scope();
    const server = await bench.start({ providers: [Recorder], webhook: { role: 'receive' } }, { scope });
    const event = { ...anEvent(), organization_id };
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    const [row] = await bench.rows(scope);
    const data = row?.data as { rawBody: string; organizationId?: string };
    expect(JSON.parse(data.rawBody)).toEqual(event);
    expect(data).not.toHaveProperty('organizationId');
  });
});

describe('a reason', () => {
  it('may be a text that PostgreSQL refuses', async () => {
    @Injectable()
    class Odd {
      @OnScalekitEvent('*')
      handle() {
        throw new Error('a\0b\ud800c');
      }
    }
    const server = await bench.start({ providers: [Odd] });
    await server.deliver(anEvent());
    const service = server.app.get(ScalekitWebhookService);
    await eventually(async () => (await service.failed()).events).toMatchObject([
      { reason: 'a\ufffdb\ufffdc', attempts: 3 },
    ]);
  });
});
