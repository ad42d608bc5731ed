import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Counts } from '../../../lib/inspector/counts.js';
import { DeliveryRecord } from '../../../lib/inspector/entry-records.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const owner = {
  process: 'a:1',
  application: 'a',
  showsPayloads: false,
  since: 0,
  counts: new Counts('a:1'),
  newNumber: () => 1,
  note: () => undefined,
};

it('keeps of the headers of refused deliveries no more than is shown', () => {
  collect();
  const before = process.memoryUsage().heapUsed;
  const records = Array.from({ length: 1_000 }, (_, index) => {
    const facts = { application: 'a', endpoint: 'default', source: 'webhook', receivedAt: 1 } as const;
    const headers = {
      'webhook-id': `${index}${'i'.repeat(10_000)}`,
      'webhook-signature': `v1,${'s'.repeat(10_000)}`,
      cookie: `${'c'.repeat(10_000)}${index}`,
    };
    const record = new DeliveryRecord(owner, facts, {
      headers: JSON.parse(JSON.stringify(headers)) as object,
    });
    record.answered();
    return record;
  });
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(4_000_000);
  expect(records[7]?.detail.headers).toEqual({
    'webhook-id': `7${'i'.repeat(199)}…`,
    'webhook-signature': `v1,${'s'.repeat(13)}…`,
  });
});
