import { type ValidationError, validateSync } from 'class-validator';
import { ScalekitWebhookError } from './scalekit-webhook.errors.js';
import {
  IdempotencyOptions,
  type ScalekitWebhookModuleOptions,
  ScalekitWebhookOptions,
  SignatureOptions,
} from './scalekit-webhook.options.js';

type Given = Omit<ScalekitWebhookModuleOptions, 'path'> & { readonly path?: string | undefined };

/**
 * Applies the defaults and checks the rules of `ScalekitWebhookOptions`.
 *
 * @throws ScalekitWebhookError (`invalid_options`): one message that names each faulty option and what it must be
 */
export function resolveOptions(endpoint: string, given: Given): ScalekitWebhookOptions {
  const options = withDefaults(new ScalekitWebhookOptions(), given);
  options.signature = withDefaults(new SignatureOptions(), given.signature);
  options.idempotency = withDefaults(new IdempotencyOptions(), given.idempotency);
  const errors = validateSync(options, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) {
    throw new ScalekitWebhookError(
      'invalid_options',
      `ScalekitWebhookModule "${endpoint}" can't start: ${errors.flatMap((error) => describe(error)).join(' ')}`,
    );
  }
  return options;
}

function withDefaults<T extends object>(options: T, given: object | undefined): T {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value !== undefined) {
      Object.defineProperty(options, name, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  return options;
}

function describe(error: ValidationError, parent = ''): string[] {
  const option = `${parent}${error.property}`;
  const messages = Object.entries(error.constraints ?? {}).map(([name, message]) => {
    return name === 'whitelistValidation' ? `${option} is no option.` : `${option} ${message}`;
  });
  return [...messages, ...(error.children ?? []).flatMap((child) => describe(child, `${option}.`))];
}
