// One app: says what its remembered ids weigh, then what a delivery costs. Needs --expose-gc.
import { MemoryIdempotencyStore } from 'nestjs-scalekit-webhooks';
import { serve } from '../harness/child.mjs';
import { EVENT_TYPE } from '../harness/event.mjs';
import { startReceiver } from '../harness/receiver.mjs';

const BATCH = 250;
const TERMS = { leaseMs: 60_000, ttlMs: 604_800_000, fingerprint: 1 };

const PATTERNS = {
  exact: (index) => `bench.exact_${index}`,
  wildcard: (index) => `bench.group_${index}.*`,
};

/** One of them is for the event that comes. */
const patterns = (kind, count) => [
  kind === 'wildcard' ? 'organization.directory.*' : EVENT_TYPE,
  ...Array.from({ length: count - 1 }, (_, index) => PATTERNS[kind](index)),
];

function memoryInUse() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A full store of done events, and the bytes that each of them takes. */
function filledStore(count) {
  const store = new MemoryIdempotencyStore({ maxEntries: count });
  const before = memoryInUse();
  for (let index = 0; index < count; index++) {
    // Through bytes, for a key that is text of its own, as one out of a request is.
    const key = Buffer.from(`default:evt_done_${String(index).padStart(7, '0')}`).toString('latin1');
    const { token } = store.begin(key, TERMS);
    store.complete(key, token, TERMS.ttlMs);
  }
  return { store, bytesPerId: (memoryInUse() - before) / count };
}

async function prepare(kind, count) {
  if (kind === 'ids') {
    const { store, bytesPerId } = filledStore(count);
    return { hello: { bytesPerId }, receiver: await startReceiver([EVENT_TYPE], { idempotency: { store } }) };
  }
  return { receiver: await startReceiver(patterns(kind, count)) };
}

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
  const { hello, receiver } = await prepare(kind, Number(count));
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
