import { describeQueueCrashes } from '../contract/queue-crash.contract.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';

const bench = BullMqBench.forThisFile();
describeQueueCrashes(bench, (prefix) => ({
  engine: 'bullmq',
  redisPort: bench.server.port,
  prefix,
  settings: HASTY,
}));
