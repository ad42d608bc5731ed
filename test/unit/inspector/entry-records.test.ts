import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Counts } from '../../../lib/inspector/counts.js';
import { DeliveryRecord } from '../../../lib/inspector/entry-records.js';
import { MemoryInspectorLog } from '../../../lib/inspector/memory-inspector.log.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const owner = {
  process: 'a:1',
  application: 'a',
  showsPayloads: false,
  since: 0,
  counts: new Counts('a:1'),
  note: () => undefined,
};

it('keeps in memory of the headers of refused deliveries no more than is shown', async () => {
  const log = new MemoryInspectorLog(1_000);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 1_000; index++) {
    const facts = {
      application: 'a',
      endpoint: 'default',
      source: 'webhook',
      receivedAt: 1,
      outcome: 'refused',
    } as const;
    const headers = {
      'webhook-id': `${index}${'i'.repeat(10_000)}`,
      'webhook-signature': `v1,${'s'.repeat(10_000)}`,
      cookie: `${'c'.repeat(10_000)}${index}`,
    };
    const record = new DeliveryRecord({ ...owner, newNumber: () => index }, facts, {
      headers: JSON.parse(JSON.stringify(headers)) as object,
    });
    record.answered();
    record.settle();
    await log.append([record]);
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(4_000_000);
  expect((await log.detail('a.7'))?.detail?.headers).toEqual({
    'webhook-id': `7${'i'.repeat(199)}…`,
    'webhook-signature': `v1,${'s'.repeat(13)}…`,
  });
});
