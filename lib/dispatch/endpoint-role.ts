import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import { cantStart } from '../scalekit-webhook.errors.js';

/**
 * What this process does for an endpoint: receive deliveries, work on queued events, or both.
 *
 * @publicApi
 */
export type EndpointRole = 'receive' | 'work' | 'both';

type DispatcherKind = 'inline' | 'queue';
/** Other processes can't see a process-local store. */
type StoreKind = 'process-local' | 'shared';
type Verdict = 'ok' | 'warn' | 'refuse';

/** Checks that role, dispatcher and store work together. Custom dispatchers and stores are not checked. */
export const VERDICTS: Record<DispatcherKind, Record<EndpointRole, Record<StoreKind, Verdict>>> = {
  inline: {
    both: { 'process-local': 'ok', shared: 'ok' },
    receive: { 'process-local': 'refuse', shared: 'refuse' },
    work: { 'process-local': 'refuse', shared: 'refuse' },
  },
  queue: {
    both: { 'process-local': 'warn', shared: 'ok' },
    receive: { 'process-local': 'refuse', shared: 'ok' },
    work: { 'process-local': 'refuse', shared: 'ok' },
  },
};

interface Setup {
  readonly endpoint: string;
  readonly role: EndpointRole;
  readonly store: IdempotencyStore;
}

/**
 * Called by each dispatcher before it opens a connection.
 *
 * @returns a warning, if there is one
 * @throws ScalekitWebhookError (`invalid_options`) that names the option to set
 */
export function checkSetup(dispatcher: DispatcherKind, { endpoint, role, store }: Setup): string | undefined {
  const verdict = VERDICTS[dispatcher][role][store.isProcessLocal ? 'process-local' : 'shared'];
  if (verdict === 'ok') {
    return undefined;
  }
  if (verdict === 'warn') {
    return (
      `idempotency.store (${nameOf(store)}) is in the memory of this process, but other processes may take jobs from ` +
      'the queue: a second process, or a restart, can run a finished handler again. Set idempotency.store to a store ' +
      'that all processes share, such as RedisIdempotencyStore or PostgresIdempotencyStore.'
    );
  }
  const reason =
    dispatcher === 'inline'
      ? `role '${role}' needs a dispatcher with a queue, but dispatcher is inlineDispatcher(), which runs handlers in ` +
        "the process that receives. Set dispatcher to bullMqDispatcher(…) or pgBossDispatcher(…), or set role to 'both'."
      : `role '${role}' needs a store that receivers and workers share, but idempotency.store (${nameOf(store)}) is in ` +
        'the memory of this process. Set idempotency.store to RedisIdempotencyStore or PostgresIdempotencyStore.';
  throw cantStart(endpoint, reason);
}

function nameOf(store: IdempotencyStore): string {
  return store.constructor.name;
}
