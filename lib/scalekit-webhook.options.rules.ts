import { ValidateBy, type ValidationArguments } from 'class-validator';
import { inspectSecrets } from './signature/inspect-secrets.js';
import { WEBHOOK_SCHEMES, type WebhookScheme } from './signature/webhook-scheme.js';

const STORE_METHODS = ['begin', 'renew', 'handlerDone', 'complete', 'release'] as const;
const ROUTE_PATH = /^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/;

function rule(name: string, test: (value: unknown) => boolean, expected: string): PropertyDecorator {
  return ValidateBy({
    name,
    validator: { validate: (value: unknown) => test(value), defaultMessage: () => `must be ${expected}.` },
  });
}

export function IsWholeNumber(min: number, max: number, unit: string): PropertyDecorator {
  const test = (value: unknown) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
  return rule('isWholeNumber', test, `a whole number from ${min} to ${max} (${unit})`);
}

export function IsFunction(expected: string): PropertyDecorator {
  return rule('isFunction', (value) => typeof value === 'function', expected);
}

export function IsRoutePath(): PropertyDecorator {
  const test = (value: unknown) => typeof value === 'string' && ROUTE_PATH.test(value);
  return rule(
    'isRoutePath',
    test,
    "a route such as 'webhooks/scalekit': letters, digits, '-', '_', '.', '~' and '/'",
  );
}

export function IsEnvironmentId(): PropertyDecorator {
  const isId = (value: unknown) => typeof value === 'string' && value !== '' && value.trim() === value;
  const test = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 && value.every(isId) : isId(value);
  return rule('isEnvironmentId', test, "an environment id ('env_…') or a list of them");
}

export function IsSchemeList(): PropertyDecorator {
  const schemes: readonly unknown[] = WEBHOOK_SCHEMES;
  const test = (value: unknown) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => schemes.includes(item));
  return rule('isSchemeList', test, `a list of one or more of '${WEBHOOK_SCHEMES.join("', '")}'`);
}

export function IsStore(): PropertyDecorator {
  const test = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    STORE_METHODS.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
  return rule('isStore', test, 'an IdempotencyStore, such as new MemoryIdempotencyStore()');
}

/** The message says what is wrong with the secret and what to do, never what the secret is. */
export function IsUsableSecret(): PropertyDecorator {
  const problemOf = (secret: unknown, { object }: ValidationArguments) => {
    if (typeof secret === 'function') {
      return undefined;
    }
    const { schemes } = (object as { signature: { schemes: readonly WebhookScheme[] } }).signature;
    return inspectSecrets(secret, Array.isArray(schemes) ? schemes : WEBHOOK_SCHEMES).problem;
  };
  return ValidateBy({
    name: 'isUsableSecret',
    validator: {
      validate: (secret: unknown, args) => args !== undefined && problemOf(secret, args) === undefined,
      defaultMessage: (args) => `is not usable. ${(args && problemOf(args.value, args)) ?? ''}`,
    },
  });
}
