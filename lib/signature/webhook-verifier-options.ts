import { readForeign } from './webhook-foreign-values.js';
import { isWebhookScheme, WEBHOOK_SCHEMES, type WebhookScheme } from './webhook-scheme.js';
import { requireUsableSecret } from './webhook-secret.js';
import { WebhookVerificationError } from './webhook-verification.error.js';

const DEFAULT_TOLERANCE_SECONDS = 300;
/** Nobody needs more, and a hostile list may claim any length. */
export const MOST_SECRETS = 100;

/**
 * What a verifier is made of.
 *
 * @publicApi
 */
export interface WebhookVerifierOptions {
  /**
   * The signing secret as the Scalekit dashboard shows it (`whsec_…`); several while it is rotated, and a signature
   * by any of them is good.
   */
  readonly secret: string | readonly string[];
  /**
   * The schemes to accept. Headers of the others are ignored as if absent. `digest` signs no time, so a captured
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

/** Empty where the value is no list, or too long a one. */
function copyList(value: unknown): readonly unknown[] {
  return Array.isArray(value) && value.length <= MOST_SECRETS ? Array.from<unknown>(value) : [];
}
