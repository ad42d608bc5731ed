import { inlineDispatcher } from './dispatch/inline.dispatcher.js';
import { FAILED_EVENT_DEFAULTS } from './idempotency/failure.ledger.js';
import { MemoryIdempotencyStore } from './idempotency/memory-idempotency.store.js';
import { DEFAULT_PATH } from './receive/scalekit-webhook.controller.js';
import { cantStart } from './scalekit-webhook.errors.js';
import type { ScalekitWebhookModuleOptions, ScalekitWebhookOptions } from './scalekit-webhook.options.js';
import { faultsIn } from './scalekit-webhook.options.rules.js';
import { WEBHOOK_SCHEMES } from './signature/webhook-scheme.js';

/** Every default of an endpoint. */
const defaults = (): Omit<ScalekitWebhookOptions, 'secret'> => ({
  secretCacheSeconds: 60,
  path: DEFAULT_PATH,
  signature: { schemes: WEBHOOK_SCHEMES, toleranceSeconds: 300 },
  idempotency: {
    store: new MemoryIdempotencyStore(),
    ttlSeconds: 7 * 86_400,
    leaseMs: 60_000,
    failed: FAILED_EVENT_DEFAULTS,
  },
  maxBodyBytes: 1_048_576,
  maxUnverifiedBytes: 67_108_864,
  dispatcher: inlineDispatcher(),
  answerWithinMs: 7_000,
  handlerTimeoutMs: 300_000,
  shutdownTimeoutMs: 10_000,
});

/**
 * Applies the defaults, and checks the rules.
 *
 * @throws ScalekitWebhookError (`invalid_options`): one message that names each faulty option and what it must be
 */
export function resolveOptions(
  { name, path }: { readonly name: string; readonly path: string | undefined },
  given: ScalekitWebhookModuleOptions,
): ScalekitWebhookOptions {
  if (!isObject(given)) {
    throw cantStart(name, 'there are no options. Does the factory return them ({ secret, … })?');
  }
  const { signature, idempotency, ...rest } = defaults();
  const { signature: ofSignature = {}, idempotency: ofIdempotency = {} } = given;
  if (!isObject(ofSignature) || !isObject(ofIdempotency)) {
    throw cantStart(name, 'signature and idempotency must be objects.');
  }
  const { failed = {} } = ofIdempotency;
  if (!isObject(failed)) {
    throw cantStart(name, 'idempotency.failed must be an object.');
  }
  const options = {
    ...withDefaults(withDefaults({ ...rest, secret: given.secret }, { path }), given),
    signature: withDefaults(signature, ofSignature),
    idempotency: {
      ...withDefaults(idempotency, ofIdempotency),
      failed: withDefaults({ ...FAILED_EVENT_DEFAULTS }, failed),
    },
  };
  const faults = faultsIn(options);
  if (faults.length > 0) {
    throw cantStart(name, faults.join(' '));
  }
  return options;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withDefaults<T extends object>(options: T, given: object): T {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) {
      Object.defineProperty(options, name, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  return options;
}
