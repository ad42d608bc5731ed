import { setTimeout as sleep } from 'node:timers/promises';
import type { RateLimitedLog } from '../logging/rate-limited-log.js';
import { hasErrorCode, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { SecretUnavailableError } from './secret-unavailable.error.js';
import {
  createWebhookVerifier,
  type WebhookDelivery,
  type WebhookVerification,
  type WebhookVerifier,
} from './verify-webhook.js';
import { inspectSecrets } from './inspect-secrets.js';
import type { WebhookScheme } from './webhook-scheme.js';

/** One secret, or several while they are rotated. */
export type Secrets = string | readonly string[];
export type SecretFunction = () => Secrets | PromiseLike<Secrets>;

interface SecretSourceOptions {
  readonly secret: Secrets | SecretFunction;
  readonly secretCacheSeconds: number;
  readonly signature: { readonly schemes: readonly WebhookScheme[]; readonly toleranceSeconds: number };
}

/** Verifies with secrets that may have to be fetched first. */
export interface DeliveryVerifier {
  /**
   * @throws WebhookVerificationError when the delivery is not authentic
   * @throws SecretUnavailableError when there is no secret to tell by
   */
  verify(delivery: WebhookDelivery): WebhookVerification | Promise<WebhookVerification>;
  /** Fetches the secret before the first delivery, so that a useless one stops the boot. */
  prepare?(): Promise<void>;
}

export function createDeliveryVerifier(options: SecretSourceOptions, log: RateLimitedLog): DeliveryVerifier {
  const { secret } = options;
  return typeof secret === 'function'
    ? new FetchedSecretVerifier(secret, options, log)
    : createWebhookVerifier({ secret, ...options.signature });
}

/** A secret that may just have been rotated is fetched again when a signature fails, but not at every forgery. */
const REFRESH_AT_MOST_EVERY_MS = 5_000;
const FETCH_TIMEOUT_MS = 5_000;

class FetchedSecretVerifier implements DeliveryVerifier {
  private verifier: WebhookVerifier | undefined;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private refreshing: Promise<WebhookVerifier> | undefined;

  constructor(
    private readonly fetchSecret: SecretFunction,
    private readonly options: SecretSourceOptions,
    private readonly log: RateLimitedLog,
  ) {}

  async prepare(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      if (error instanceof SecretUnavailableError && hasErrorCode(error.cause, 'invalid_options')) {
        throw error.cause;
      }
      // The secret manager is away: deliveries are answered 503 until it is back.
      this.log.warn('secret_unavailable', error instanceof Error ? error.message : String(error));
    }
  }

  async verify(delivery: WebhookDelivery): Promise<WebhookVerification> {
    const verifier = await this.current();
    try {
      return verifier.verify(delivery);
    } catch (error) {
      if (!hasErrorCode(error, 'signature_mismatch')) {
        throw error;
      }
      const refreshed = await this.refreshUnlessRecent(verifier);
      if (refreshed === verifier) {
        throw error;
      }
      return refreshed.verify(delivery);
    }
  }

  private current(): WebhookVerifier | Promise<WebhookVerifier> {
    const age = performance.now() - this.fetchedAt;
    if (this.verifier && age < this.options.secretCacheSeconds * 1_000) {
      return this.verifier;
    }
    return this.verifier ? this.refreshUnlessRecent(this.verifier) : this.refresh();
  }

  private refreshUnlessRecent(verifier: WebhookVerifier): WebhookVerifier | Promise<WebhookVerifier> {
    const isRecent = performance.now() - this.triedAt < REFRESH_AT_MOST_EVERY_MS;
    return isRecent && !this.refreshing ? (this.verifier ?? verifier) : this.refresh();
  }

  /** Deliveries that wait for the secret at the same time share one fetch. */
  private refresh(): Promise<WebhookVerifier> {
    this.refreshing ??= this.fetch().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async fetch(): Promise<WebhookVerifier> {
    this.triedAt = performance.now();
    try {
      const secret = await withTimeout(this.fetchSecret());
      const { problem } = inspectSecrets(secret, this.options.signature.schemes);
      if (problem !== undefined) {
        throw new ScalekitWebhookError(
          'invalid_options',
          `The secret function returned no usable secret. ${problem}`,
        );
      }
      this.verifier = createWebhookVerifier({ secret, ...this.options.signature });
      this.fetchedAt = performance.now();
      return this.verifier;
    } catch (cause) {
      return this.keepEarlierSecret(cause);
    }
  }

  private keepEarlierSecret(cause: unknown): WebhookVerifier {
    const ours = cause instanceof ScalekitWebhookError;
    // The message of a secret manager's client may hold the secret or an access token.
    const reason = ours
      ? cause.message
      : `The secret function failed (${cause instanceof Error ? cause.name : typeof cause}).`;
    if (!this.verifier) {
      throw new SecretUnavailableError(reason, { cause });
    }
    this.log.warn('secret_unavailable', `${reason} The secret fetched before stays in use.`);
    return this.verifier;
  }
}

async function withTimeout<T>(pending: T | PromiseLike<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(FETCH_TIMEOUT_MS, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new SecretUnavailableError(
      `The secret function did not answer within ${FETCH_TIMEOUT_MS / 1_000} s.`,
    );
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
}
