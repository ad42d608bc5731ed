import { describe, expect, it } from 'vitest';
import { describeQueueOutages } from '../contract/queue-outage.contract.js';
import { PgBossBench } from '../support/pg-boss-app.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent } from '../support/webhook-app.js';

const bench = PgBossBench.forThisFile();
describeQueueOutages(bench);

describe('an event whose job pg-boss still has', () => {
  it.each(['completed', 'cancelled', 'failed'])('and says is %s is queued again', async (state) => {
    const scope = bench.scope();
    const receiver = () => bench.start({ webhook: { role: 'receive', ...sharedMemory() } }, { scope });
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
    const receiver = await bench.start({ webhook: { role: 'receive', ...sharedMemory() } }, { scope });
    const event = anEvent();
    await receiver.deliver(event);
    await bench.pool.query(
      `UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now() - interval '1 hour',
         retry_count = retry_limit + 10 WHERE name = $1`,
      [scope],
    );
    await bench.start({ webhook: { role: 'work', ...sharedMemory() }, providers: [Recorder] }, { scope });
    await eventually(async () => (await bench.rows(`${scope}-failed`)).length).toBe(1);
    const { rows } = await bench.pool.query<{ reason: string }>(
      `SELECT source_output->>'message' AS reason FROM pgboss.job WHERE name = $1`,
      [`${scope}-failed`],
    );
    expect(rows).toEqual([{ reason: 'Its worker died, again and again.' }]);
  });
});
