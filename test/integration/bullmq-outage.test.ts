import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { bullMqDispatcher } from '../../lib/adapters/bullmq/index.js';
import { describeQueueOutages } from '../contract/queue-outage.contract.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';
import { eventually } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent } from '../support/webhook-app.js';

const bench = BullMqBench.forThisFile();
describeQueueOutages(bench);

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
