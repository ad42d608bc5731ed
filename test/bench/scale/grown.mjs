// What an app has when it has grown. Needs --expose-gc.
import { MemoryIdempotencyStore } from 'nestjs-scalekit-webhooks';
import { EVENT_TYPE } from '../harness/event.mjs';

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

export function memoryInUse() {
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

/** `hello`: what a process has to say of it. */
export function grown(kind, count) {
  if (kind === 'ids') {
    const { store, bytesPerId } = filledStore(count);
    return { patterns: [EVENT_TYPE], options: { idempotency: { store } }, hello: { bytesPerId } };
  }
  return { patterns: patterns(kind, count) };
}
