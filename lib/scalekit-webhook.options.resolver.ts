import { FailedEventOptions } from './idempotency/failure.ledger.js';
import { ScalekitWebhookError } from './scalekit-webhook.errors.js';
import {
  IdempotencyOptions,
  type ScalekitWebhookModuleOptions,
  ScalekitWebhookOptions,
  SignatureOptions,
} from './scalekit-webhook.options.js';
import { faultsIn } from './scalekit-webhook.options.rules.js';

/**
 * Applies the defaults of `ScalekitWebhookOptions`, and checks the rules.
 *
 * @throws ScalekitWebhookError (`invalid_options`): one message that names each faulty option and what it must be
 */
export function resolveOptions(
  { name, path }: { readonly name: string; readonly path: string | undefined },
  given: ScalekitWebhookModuleOptions,
): ScalekitWebhookOptions {
  if (!isObject(given)) {
    throw cantStart(name, ['there are no options. Does the factory return them ({ secret, … })?']);
  }
  const options = withDefaults(withDefaults(new ScalekitWebhookOptions(), { path }), given);
  const { signature = {}, idempotency = {} } = given;
  if (!isObject(signature) || !isObject(idempotency)) {
    throw cantStart(name, ['signature and idempotency must be objects.']);
  }
  const { failed = {} } = idempotency;
  if (!isObject(failed)) {
    throw cantStart(name, ['idempotency.failed must be an object.']);
  }
  options.signature = withDefaults(new SignatureOptions(), signature);
  options.idempotency = withDefaults(new IdempotencyOptions(), idempotency);
  options.idempotency.failed = withDefaults(new FailedEventOptions(), failed);
  const faults = faultsIn(options);
  if (faults.length > 0) {
    throw cantStart(name, faults);
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

function cantStart(endpoint: string, faults: readonly string[]): ScalekitWebhookError<'invalid_options'> {
  return new ScalekitWebhookError(
    'invalid_options',
    `ScalekitWebhookModule "${endpoint}" can't start: ${faults.join(' ')}`,
  );
}
