import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import { DeliveryAbortedError } from '../../../lib/idempotency/idempotency.errors.js';
import { Ledger } from '../../../lib/idempotency/ledger.js';
import { MemoryIdempotencyStore } from '../../../lib/idempotency/memory-idempotency.store.js';

async function aClaim() {
  const store = new MemoryIdempotencyStore();
  const ledger = new Ledger('default', { store, leaseMs: 60_000, ttlSeconds: 60 });
  const answer = await ledger.beginReplay('evt_1');
  if (answer.status !== 'acquired') {
    throw new Error(answer.status);
  }
  return answer.claim;
}

it('calls listeners of the signal in the async context that asked for the signal', async () => {
  const requests = new AsyncLocalStorage<string>();
  const claim = await aClaim();
  const seen: unknown[] = [];
  requests.run('the request', () => {
    claim.signal.addEventListener('abort', () => seen.push(requests.getStore()));
  });
  requests.run('another request', () => {
    claim.abort(new DeliveryAbortedError('handler_timeout'));
  });
  expect(seen).toEqual(['the request']);
});

it('tells every listener once, and those that come too late at once', async () => {
  const claim = await aClaim();
  const seen: string[] = [];
  claim.onAbort(({ code }) => seen.push(`first ${code}`));
  claim.onAbort(({ code }) => seen.push(`second ${code}`));
  claim.abort(new DeliveryAbortedError('lease_lost'));
  claim.abort(new DeliveryAbortedError('shutting_down'));
  claim.onAbort(({ code }) => seen.push(`late ${code}`));
  expect(seen).toEqual(['first lease_lost', 'second lease_lost', 'late lease_lost']);
  expect(claim.signal.reason).toMatchObject({ code: 'lease_lost' });
  await claim.release();
});
