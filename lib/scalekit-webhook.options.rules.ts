import { catchUpFault } from './catch-up/catch-up.options.js';
import type { FailedEventOptions } from './idempotency/failure.ledger.js';
import type {
  IdempotencyOptions,
  ScalekitWebhookOptions,
  SignatureOptions,
} from './scalekit-webhook.options.js';
import { inspectSecrets } from './signature/webhook-secret.js';
import { WEBHOOK_SCHEMES } from './signature/webhook-scheme.js';

const STORE_METHODS = ['begin', 'renew', 'handlerDone', 'complete', 'release'] as const;
/** No `.` or `..` between slashes: senders resolve these, and would never reach the route. */
const ROUTE_PATH = /^(?:(?:^|\/)(?!\.{1,2}(?:\/|$))[\w.~-]+)+\/?$/;
const NAME = /^[\w.-]{1,64}$/;
const YEAR_SECONDS = 366 * 86_400;
const MAX_TIMER_MS = 2_147_483_647;

/** Says what is wrong with a value, as the rest of a sentence that begins with the option's name. */
type Rule = (value: unknown, options: ScalekitWebhookOptions) => string | undefined;

/** One rule for each option; the compiler reports a missing one. A name without a rule is not an option. */
type Rules<Options> = {
  readonly [Name in keyof Options]-?: Options[Name] extends
    SignatureOptions | IdempotencyOptions | FailedEventOptions
    ? Rules<Options[Name]>
    : Rule;
};

const RULES: Rules<ScalekitWebhookOptions> = {
  secret: usableSecret,
  secretCacheSeconds: wholeNumber(1, YEAR_SECONDS, 'seconds'),
  path: must(
    (value) => typeof value === 'string' && ROUTE_PATH.test(value),
    "a route such as 'webhooks/scalekit': letters, digits, '-', '_', '.', '~' and '/', and no '.' or '..' as a step",
  ),
  environmentId: optional(must(isEnvironmentId, "an environment id ('env_…') or a list of them")),
  namespace: optional(
    must(
      (value) => typeof value === 'string' && NAME.test(value),
      "1 to 64 letters, digits, '.', '_' or '-', such as 'billing'",
    ),
  ),
  signature: {
    schemes: must(isSchemeList, `a list of one or more of '${WEBHOOK_SCHEMES.join("', '")}'`),
    toleranceSeconds: wholeNumber(1, 86_400, 'seconds'),
    maxEventAgeSeconds: optional(wholeNumber(1, YEAR_SECONDS, 'seconds')),
  },
  idempotency: {
    store: must(isStore, 'an IdempotencyStore, such as new MemoryIdempotencyStore()'),
    ttlSeconds: wholeNumber(60, YEAR_SECONDS, 'seconds'),
    leaseMs: wholeNumber(100, MAX_TIMER_MS, 'milliseconds'),
    failed: {
      keep: wholeNumber(0, 1_000_000, 'failures'),
      keepSeconds: wholeNumber(60, YEAR_SECONDS, 'seconds'),
      payloads: must((value) => typeof value === 'boolean', 'true or false'),
    },
  },
  catchUp: optional((value, { idempotency: { ttlSeconds } }) => catchUpFault(value, ttlSeconds)),
  maxBodyBytes: wholeNumber(1, 1_073_741_824, 'bytes'),
  maxUnverifiedBytes: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'bytes'),
  dispatcher: must((value) => typeof value === 'function', 'a dispatcher, such as inlineDispatcher()'),
  answerWithinMs: wholeNumber(1, MAX_TIMER_MS, 'milliseconds'),
  handlerTimeoutMs: wholeNumber(1, MAX_TIMER_MS, 'milliseconds'),
  shutdownTimeoutMs: wholeNumber(0, MAX_TIMER_MS, 'milliseconds'),
};

/** Returns a sentence for each invalid option, which says what it must be. */
export function faultsIn(options: ScalekitWebhookOptions): string[] {
  return faultsOf(options, RULES, '', options);
}

type RuleTable = { readonly [Name in string]?: Rule | RuleTable };

function faultsOf(
  values: object,
  rules: RuleTable,
  parent: string,
  options: ScalekitWebhookOptions,
): string[] {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(rules, name));
  return [
    ...unknown.map((name) => `${parent}${name} is no option: check its spelling, or leave it out.`),
    ...Object.entries(rules).flatMap(([name, rule]) => {
      const value: unknown = Reflect.get(values, name);
      if (typeof rule !== 'function') {
        return faultsOf(value as object, rule ?? {}, `${parent}${name}.`, options);
      }
      const fault = rule(value, options);
      return fault === undefined ? [] : [`${parent}${name} ${fault}`];
    }),
  ];
}

function must(test: (value: unknown) => boolean, expected: string): Rule {
  return (value) => (test(value) ? undefined : `must be ${expected}.`);
}

function optional(rule: Rule): Rule {
  return (value, options) => (value === undefined || value === null ? undefined : rule(value, options));
}

function wholeNumber(min: number, max: number, unit: string): Rule {
  return must(
    (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
    `a whole number from ${min} to ${max} (${unit})`,
  );
}

/** The message says what is wrong with the secret and what to do, never what the secret is. */
function usableSecret(
  secret: unknown,
  { signature: { schemes } }: ScalekitWebhookOptions,
): string | undefined {
  if (typeof secret === 'function') {
    return undefined;
  }
  const { problem } = inspectSecrets(secret, Array.isArray(schemes) ? schemes : WEBHOOK_SCHEMES);
  return problem === undefined ? undefined : `is not usable. ${problem}`;
}

function isEnvironmentId(value: unknown): boolean {
  const isId = (id: unknown) => typeof id === 'string' && id !== '' && id.trim() === id;
  return Array.isArray(value) ? value.length > 0 && value.every(isId) : isId(value);
}

function isSchemeList(value: unknown): boolean {
  const schemes: readonly unknown[] = WEBHOOK_SCHEMES;
  return Array.isArray(value) && value.length > 0 && value.every((item) => schemes.includes(item));
}

function isStore(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    STORE_METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}
