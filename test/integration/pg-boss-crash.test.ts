import { describeCrashesWithoutServer, describeQueueCrashes } from '../contract/queue-crash.contract.js';
import { HASTY, PgBossBench } from '../support/pg-boss-app.js';

const bench = PgBossBench.forThisFile();
describeQueueCrashes(bench, (scope) => ({
  engine: 'pg-boss',
  url: bench.url,
  queueName: scope,
  table: scope.replace('-', '_'),
  settings: HASTY,
}));
describeCrashesWithoutServer((folder) => ({ engine: 'pglite', folder, settings: HASTY }));
