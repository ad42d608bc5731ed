import { Logger } from '@nestjs/common';
import type { Answer } from '../answers/answers.js';
import type { EndpointRole } from '../dispatch/endpoint-role.js';
import type { HandlerRegistry } from '../handlers/handler.registry.js';
import { type CatchUpStore, extrasOf } from '../idempotency/idempotency-store.extras.js';
import { type Ledger, scopeOf } from '../idempotency/ledger.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { ScalekitWebhookOptions } from '../scalekit-webhook.options.js';
import type { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import type { DeliveryAuthenticator } from '../signature/delivery-authenticator.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { CatchUp } from './catch-up.js';
import { CATCH_UP_DEFAULTS } from './catch-up.options.js';
import { CatchUpLoop } from './catch-up.loop.js';
import { SYSTEM_CLOCK } from './clock.js';
import { createGiveUp } from './give-up.js';
import { ReceivedSamples } from './received-samples.js';
import { SharedValue } from './progress.js';

interface Endpoint {
  readonly name: string;
  readonly role: EndpointRole;
}

/** Undefined where the endpoint does not catch up. Workers never do: receivers queue what was missed. */
export function createReceivedSamples(
  endpoint: Endpoint,
  options: ScalekitWebhookOptions,
): ReceivedSamples | undefined {
  const { name, role } = endpoint;
  return options.catchUp && role !== 'work'
    ? new ReceivedSamples(
        new SharedValue(storeOf(name, options), `${scopeOf(options.namespace, name)}\nreceived`),
      )
    : undefined;
}

/** Gives catching up what it needs of its endpoint. */
export function createCatchUp(
  { name, role }: Endpoint,
  options: ScalekitWebhookOptions,
  samples: ReceivedSamples | undefined,
  ledger: Ledger,
  authenticator: DeliveryAuthenticator,
  registry: HandlerRegistry,
  { application }: Pick<ScalekitWebhookRegistry, 'application'>,
  receiver: { handle(delivery: VerifiedDelivery): Promise<Answer> },
): CatchUpLoop | undefined {
  const { catchUp, namespace, idempotency } = options;
  if (!catchUp || !samples) {
    return undefined;
  }
  const logger = new Logger('ScalekitWebhook');
  const clock = SYSTEM_CLOCK;
  const handlersFor = (type: string) => registry.handlersFor(name, type);
  const chosen = catchUp.types === 'subscribed' ? undefined : catchUp.types;
  return new CatchUpLoop({
    application,
    endpoint: name,
    every: catchUp.every ?? CATCH_UP_DEFAULTS.every,
    keepSample: () => samples.keep(),
    lease: async (job) => {
      const answer = await ledger.beginCatchUp(job);
      return answer.status === 'acquired' ? answer.claim : undefined;
    },
    logger,
    clock,
    catchUp: new CatchUp({
      options: catchUp,
      scope: scopeOf(namespace, name),
      ttlSeconds: idempotency.ttlSeconds,
      store: storeOf(name, options),
      ledger,
      samples,
      // A receiver does not know the handlers of its workers.
      types: () => chosen ?? (role === 'receive' ? undefined : exactTypes(registry.patternsOf(name))),
      isWanted: (type) =>
        (!chosen || chosen.includes(type)) && (role === 'receive' || handlersFor(type).length > 0),
      read: (body) => authenticator.readUnsigned(body),
      handle: (delivery) => receiver.handle(delivery),
      giveUp: createGiveUp(name, ledger, handlersFor),
      logger,
      clock,
    }),
  });
}

/** Undefined where a pattern has a `*`: it may stand for types that are newer than this package. */
function exactTypes(patterns: readonly string[]): readonly string[] | undefined {
  return patterns.some((pattern) => pattern.includes('*')) ? undefined : [...new Set(patterns)];
}

function storeOf(endpoint: string, { idempotency: { store } }: ScalekitWebhookOptions): CatchUpStore {
  const { catchUp } = extrasOf(store);
  if (!catchUp) {
    throw new ScalekitWebhookError(
      'invalid_options',
      `ScalekitWebhookModule "${endpoint}" can't start: catchUp needs a store that keeps how far it has come, and ` +
        `idempotency.store (${store.constructor.name}) has no \`catchUp\`. Use RedisIdempotencyStore or ` +
        'PostgresIdempotencyStore, or add that part to your own (CatchUpStore).',
    );
  }
  return catchUp;
}
