import { type ValidationError, validateSync } from 'class-validator';
import { ScalekitWebhookError } from './scalekit-webhook.errors.js';
import {
  IdempotencyOptions,
  type ScalekitWebhookModuleOptions,
  ScalekitWebhookOptions,
  SignatureOptions,
} from './scalekit-webhook.options.js';

/**
 * Applies the defaults and checks the rules of `ScalekitWebhookOptions`.
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
  options.signature = withDefaults(new SignatureOptions(), signature);
  options.idempotency = withDefaults(new IdempotencyOptions(), idempotency);
  const errors = validateSync(options, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) {
    throw cantStart(
      name,
      errors.flatMap((error) => describe(error)),
    );
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

function describe(error: ValidationError, parent = ''): string[] {
  const option = `${parent}${error.property}`;
  const messages = Object.entries(error.constraints ?? {}).map(([name, message]) => {
    return name === 'whitelistValidation'
      ? `${option} is no option: check its spelling, or leave it out.`
      : `${option} ${message}`;
  });
  return [...messages, ...(error.children ?? []).flatMap((child) => describe(child, `${option}.`))];
}
