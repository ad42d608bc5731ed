import { WebhookVerificationError } from './signature.errors.js';
import { readForeign } from './webhook-delivery.js';
import { isWebhookScheme, WEBHOOK_SCHEMES, type WebhookScheme } from './webhook-scheme.js';
import { MOST_SECRETS, requireUsableSecret } from './webhook-secret.js';

const DEFAULT_TOLERANCE_SECONDS = 300;

/**
 * The secret and the rules that a verifier is made with.
 *
 * @publicApi
 */
export interface WebhookVerifierOptions {
  /**
   * The signing secret as the Scalekit dashboard shows it (`whsec_…`). While it is rotated, a list: a signature made
   * with any of them is good.
   */
  readonly secret: string | readonly string[];
  /**
   * The schemes to accept. Headers of other schemes are ignored as if absent. `digest` signs no time, so a captured
   * delivery can be replayed: accept `['standard']` alone where your deliveries allow it (S12).
   *
   * @default all: WEBHOOK_SCHEMES
   */
  readonly schemes?: readonly WebhookScheme[] | undefined;
  /**
   * How far a signed timestamp may be from the clock, either way, in seconds.
   *
   * @default 300
   */
  readonly toleranceSeconds?: number | undefined;
}

export interface ResolvedVerifierOptions {
  readonly secrets: readonly string[];
  readonly schemes: readonly WebhookScheme[];
  readonly toleranceSeconds: number;
}

/** @throws WebhookVerificationError `invalid_options`, `invalid_secret` */
export function resolveVerifierOptions(options: unknown): ResolvedVerifierOptions {
  const { secrets, schemes, toleranceSeconds } = readForeign(readFields, options);
  if (schemes.length === 0 || !schemes.every(isWebhookScheme)) {
    throw new WebhookVerificationError(
      'invalid_options',
      `schemes must be an array of at least one of ${WEBHOOK_SCHEMES.join(', ')}.`,
    );
  }
  if (typeof toleranceSeconds !== 'number' || !(toleranceSeconds >= 0 && toleranceSeconds < Infinity)) {
    throw new WebhookVerificationError(
      'invalid_options',
      'toleranceSeconds must be a finite number, 0 or more.',
    );
  }
  if (secrets.length === 0) {
    throw new WebhookVerificationError(
      'invalid_secret',
      `secret must be a string, or an array of 1 to ${MOST_SECRETS} strings.`,
    );
  }
  return {
    secrets: secrets.map((secret) => requireUsableSecret(secret, schemes)),
    schemes,
    toleranceSeconds,
  };
}

function readFields(options: unknown) {
  const {
    secret,
    schemes = WEBHOOK_SCHEMES,
    toleranceSeconds = DEFAULT_TOLERANCE_SECONDS,
  } = options as Partial<Record<keyof WebhookVerifierOptions, unknown>>;
  return {
    secrets: typeof secret === 'string' ? [secret] : copyList(secret),
    schemes: copyList(schemes),
    toleranceSeconds,
  };
}

/** Empty if the value is not a list, or is too long. */
function copyList(value: unknown): readonly unknown[] {
  return Array.isArray(value) && value.length <= MOST_SECRETS ? Array.from<unknown>(value) : [];
}
