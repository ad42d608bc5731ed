import { Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../lib/index.js';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { describeQueueOutages } from '../contract/queue-outage.contract.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';
import { Gate } from '../support/gate.js';
import { eventually, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent } from '../support/webhook-app.js';

const bench = BullMqBench.forThisFile();
describeQueueOutages(bench);

describe('two copies of a job', () => {
  it('side by side run their handler once', async () => {
    const prefix = bench.scope();
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
      webhook: { idempotency: { ...sharedMemory().idempotency, leaseMs: 1_000 } },
    };
    const server = await bench.start(setup, { scope: prefix });
    await bench.start(setup, { scope: prefix });
    await server.deliver(anEvent());
    await gate.reached;
    const queue = bench.queue(prefix);
    const [job] = await queue.getActive();
    await queue.addBulk(
      Array.from({ length: 5 }, (_, copy) => ({
        name: 'copy',
        data: job?.data as object,
        opts: { jobId: `copy-${copy}`, removeOnComplete: true },
      })),
    );
    await eventually(() => queue.getDelayedCount()).toBe(5);
    gate.release();
    await eventually(async () =>
      Object.values(await queue.getJobCounts()).every((count) => count === 0),
    ).toBe(true);
    expect(runs).toBe(1);
  });
});

describe('a job that another one keeps from being queued', () => {
  it('keeps none of its neighbours', async () => {
    const queue = new Queue('small', {
      connection: bench.connection,
      prefix: bench.scope(),
      defaultJobOptions: { sizeLimit: 2_000 },
    });
    bench.closeLater(queue);
    const dispatcher = bullMqDispatcher({ queue, ...HASTY });
    const server = await bench.start({ providers: [Recorder], webhook: { dispatcher } });
    const small = Array.from({ length: 10 }, () => anEvent());
    const large = anEvent('user.created', { padding: 'x'.repeat(3_000) });
    const answers = await Promise.all([large, ...small].map((event) => server.deliver(event)));
    expect(answers.map(({ status }) => status)).toEqual([503, ...small.map(() => 200)]);
    await eventually(() => [...server.app.get(Recorder).ids].sort()).toEqual(
      small.map(({ id }) => id).sort(),
    );
  });
});
