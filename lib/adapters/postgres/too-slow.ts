import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';

export function tooSlow(call: string, timeoutMs: number): StoreUnavailableError {
  return new StoreUnavailableError(
    `PostgreSQL did not answer ${call} within ${timeoutMs} ms: it is unreachable or too slow, or the client has no free ` +
      'connection.',
  );
}
