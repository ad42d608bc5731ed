import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEnvelope } from '../../lib/index.js';
import { pgBossDispatcher } from '../../lib/adapters/pg-boss/index.js';
import { HASTY, PgBossBench } from '../support/pg-boss-app.js';
import { Gate } from '../support/gate.js';
import { PostgresServer } from '../support/postgres-server.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

const bench = PgBossBench.forThisFile();
let isPaused = false;
const pause = () => {
  bench.server.pause();
  isPaused = true;
};
const resume = () => {
  bench.server.resume();
  isPaused = false;
};
beforeEach(() => {
  isPaused = false;
});
afterEach(async () => {
  if (isPaused) resume();
  await bench.closeAll();
});

/** Not on the server that goes away: the queue alone is to be seen. */
const ledger = sharedMemory;

describe('a PostgreSQL that hangs', () => {
  it('has deliveries answered 503 in time; what arrives late is harmless', async () => {
    const setup = { providers: [Recorder], webhook: ledger() };
    const server = await bench.start(setup, { timeoutMs: 500 });
    const before = anEvent();
    await server.deliver(before);
    await eventually(() => server.app.get(Recorder).ids).toEqual([before.id]);
    pause();
    const event = anEvent();
    const answer = await server.deliver(event);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(server.logs.matching(/queue_unavailable: The queue "test-\d+" failed/)).not.toEqual([]);
    resume();
    // The first try was on its way already; the second finds its job, or the handler done.
    await eventually(async () => (await server.deliver(event)).status).toBe(200);
    await eventually(() => server.app.get(Recorder).ids).toEqual([before.id, event.id]);
    const after = anEvent();
    expect(await server.deliver(after)).toMatchObject({ status: 200, body: 'OK' });
    await eventually(() => server.app.get(Recorder).ids).toEqual([before.id, event.id, after.id]);
  });

  it('does not keep the application from closing', async () => {
    const setup = { providers: [Recorder], webhook: ledger() };
    const server = await bench.start(setup, { timeoutMs: 200 });
    await server.deliver(anEvent());
    await eventually(() => server.app.get(Recorder).ids.length).toBe(1);
    pause();
    await server.close();
  });
});

describe('a PostgreSQL that is away', () => {
  it('has deliveries answered 503 until it is back, and loses nothing', async () => {
    const postgres = await PostgresServer.start();
    const gate = new Gate();
    const seen: string[] = [];
    @Injectable()
    class Slow {
      @OnScalekitEvent('*')
      async handle({ id }: ScalekitEnvelope) {
        await gate.pass();
        seen.push(id);
      }
    }
    const dispatcher = pgBossDispatcher({ connectionString: postgres.url, ...HASTY, timeoutMs: 500 });
    const server = await WebhookApp.start({ providers: [Slow], webhook: { dispatcher, ...ledger() } });
    try {
      const first = anEvent();
      await eventually(async () => (await server.deliver(first)).status).toBe(200);
      await gate.reached;
      await postgres.kill();
      const second = anEvent();
      expect(await server.deliver(second)).toMatchObject({ status: 503 });
      gate.release();
      await postgres.restart();
      await eventually(async () => (await server.deliver(second)).status).toBe(200);
      await eventually(() => [...seen].sort()).toEqual([first.id, second.id].sort());
    } finally {
      await server.close();
      await postgres.stop();
    }
  });

  it('keeps an application neither from starting nor from closing', async () => {
    const postgres = await PostgresServer.start();
    await postgres.kill();
    const dispatcher = pgBossDispatcher({ connectionString: postgres.url, ...HASTY, timeoutMs: 200 });
    const server = await WebhookApp.start({ providers: [Recorder], webhook: { dispatcher, ...ledger() } });
    try {
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 503 });
      expect(server.logs.matching(/queue_error: .*ECONNREFUSED/).length).toBeGreaterThan(0);
      await postgres.restart();
      await eventually(async () => (await server.deliver(event)).status).toBe(200);
      await eventually(() => server.app.get(Recorder).ids).toEqual([event.id]);
      await postgres.kill();
    } finally {
      await server.close();
      await postgres.stop();
    }
  });
});

describe('two copies of a job', () => {
  it('side by side run their handler once', async () => {
    const scope = bench.scope();
    const gate = new Gate();
    let runs = 0;
    @Injectable()
    class Slow {
      @OnScalekitEvent('*')
      async handle() {
        runs++;
        await gate.pass();
      }
    }
    const setup = {
      providers: [Slow],
      webhook: { idempotency: { store: await bench.store(scope), leaseMs: 1_000 } },
    };
    const server = await bench.start(setup, { scope });
    await bench.start(setup, { scope });
    await server.deliver(anEvent());
    await gate.reached;
    await bench.pool.query(
      `INSERT INTO pgboss.job (name, data, retry_limit, policy)
       SELECT name, data, retry_limit, policy FROM pgboss.job, generate_series(1, 5) WHERE name = $1`,
      [scope],
    );
    await eventually(async () => (await bench.delayed(scope)).length).toBe(5);
    gate.release();
    await bench.whenNothingIsLeft(scope);
    expect(runs).toBe(1);
  });

  it('are one job where both are queued by receivers', async () => {
    const scope = bench.scope();
    const receiver = () => bench.start({ webhook: { role: 'receive', ...ledger() } }, { scope });
    const [server, other] = await Promise.all([receiver(), receiver()]);
    const event = anEvent();
    expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await other.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
    expect(await bench.rows(scope)).toHaveLength(1);
  });
});

describe('an event whose job pg-boss still has', () => {
  it.each(['completed', 'cancelled', 'failed'])('and says is %s is queued again', async (state) => {
    const scope = bench.scope();
    const receiver = () => bench.start({ webhook: { role: 'receive', ...ledger() } }, { scope });
    const event = anEvent();
    const neighbours = [anEvent(), anEvent()];
    await (await receiver()).deliver(event);
    await bench.pool.query(
      `UPDATE pgboss.job SET state = $2::pgboss.job_state, completed_on = now(), retry_count = 9 WHERE name = $1`,
      [scope, state],
    );
    const later = await receiver();
    const answers = await Promise.all([event, ...neighbours].map((each) => later.deliver(each)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await bench.rows(scope)).toMatchObject(
      Array.from({ length: 3 }, () => ({ state: 'created', retry_count: 0 })),
    );
  });
});

describe('a worker that dies again and again', () => {
  it('leaves a dead letter that says so', async () => {
    const scope = bench.scope();
    const receiver = await bench.start({ webhook: { role: 'receive', ...ledger() } }, { scope });
    const event = anEvent();
    await receiver.deliver(event);
    await bench.pool.query(
      `UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now() - interval '1 hour',
         retry_count = retry_limit + 10 WHERE name = $1`,
      [scope],
    );
    await bench.start({ webhook: { role: 'work', ...ledger() }, providers: [Recorder] }, { scope });
    await eventually(async () => (await bench.rows(`${scope}-failed`)).length).toBe(1);
    const { rows } = await bench.pool.query<{ reason: string }>(
      `SELECT source_output->>'message' AS reason FROM pgboss.job WHERE name = $1`,
      [`${scope}-failed`],
    );
    expect(rows).toEqual([{ reason: 'Its worker died, again and again.' }]);
  });
});
