// One app: says what its remembered ids weigh, then what a delivery costs. Needs --expose-gc.
import { serve } from '../harness/child.mjs';
import { EVENT_TYPE } from '../harness/event.mjs';
import { startReceiver } from '../harness/receiver.mjs';
import { grown, memoryInUse } from './grown.mjs';

const BATCH = 250;

async function heapAfter(counts) {
  const receiver = await startReceiver([EVENT_TYPE]);
  const heaps = [];
  let received = 0;
  for (const count of counts) {
    for (; received < count; received += BATCH) {
      await receiver.receive(BATCH);
    }
    heaps.push(memoryInUse());
  }
  return heaps;
}

await serve(async (kind, count) => {
  if (kind === 'heap') {
    return { onQuestion: heapAfter };
  }
  const { patterns, options, hello } = grown(kind, Number(count));
  const receiver = await startReceiver(patterns, options);
  return {
    hello,
    onQuestion: async (milliseconds) => {
      const end = performance.now() + milliseconds;
      let microseconds = 0;
      let received = 0;
      do {
        microseconds += await receiver.receive(BATCH);
        received += BATCH;
      } while (performance.now() < end);
      return microseconds / received;
    },
  };
});
