import type { CatchUpLoop } from '../catch-up/catch-up.loop.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import type { Ledger } from '../idempotency/ledger.js';
import type { EndpointState } from '../scalekit-webhook.registry.js';

/** No ledger makes such a key: a store answers that nobody holds it, and changes nothing. */
const NO_KEY = 'health';

/** What health checks and gauges ask of an endpoint. */
export function stateOf(
  ledger: Ledger,
  store: IdempotencyStore,
  dispatcher: EventDispatcher,
  catchUp: CatchUpLoop | undefined,
): EndpointState {
  return {
    claims: () => ledger.claims,
    countFailed: async (limit) => {
      const page = await dispatcher.failures?.failed({ limit, cursor: undefined });
      return page?.events.length;
    },
    askStore: async () => store.renew(NO_KEY, 0, 1),
    askQueue: () => dispatcher.ping?.(),
    isWorking: () => dispatcher.isWorking,
    catchUp: () => catchUp?.state,
  };
}
