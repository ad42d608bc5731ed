import { hasErrorCode, ScalekitWebhookError, withoutStack } from '../scalekit-webhook.errors.js';
import type { RateLimitedLog } from '../shared/rate-limited-log.js';
import { within } from '../shared/within.js';
import { SecretUnavailableError } from './signature.errors.js';
import { createWebhookCheck, type WebhookCheck, type WebhookOutcome } from './verify-webhook.js';
import type { WebhookDelivery, WebhookVerifierOptions } from './webhook-input.js';
import type { WebhookScheme } from './webhook-scheme.js';
import { inspectSecrets } from './webhook-secret.js';

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
   * Returns the error of a delivery that is not authentic.
   *
   * @throws SecretUnavailableError when no secret is available
   */
  check(delivery: WebhookDelivery): WebhookOutcome | Promise<WebhookOutcome>;
  /**
   * Called at boot: fetches the secret if that is needed, so that an unusable one stops the boot.
   *
   * @returns the weaknesses of the secret, to be logged
   */
  prepare(): Promise<readonly string[]>;
}

export function createDeliveryVerifier(options: SecretSourceOptions, log: RateLimitedLog): DeliveryVerifier {
  const { secret, signature } = options;
  if (typeof secret === 'function') {
    return new FetchedSecretVerifier(secret, options, log);
  }
  const { warnings } = inspectSecrets(secret, signature.schemes);
  return { check: createTerseCheck({ secret, ...signature }), prepare: () => Promise.resolve(warnings) };
}

/** Makes a check whose errors have no stack: only their code and message are logged. */
function createTerseCheck(options: WebhookVerifierOptions): WebhookCheck {
  const check = createWebhookCheck(options);
  return (delivery) => withoutStack(() => check(delivery));
}

/** When a signature fails, the secret may just have been rotated. A flood of forgeries must not fetch it each time. */
const REFRESH_AT_MOST_EVERY_MS = 5_000;
/** The least time between fetches while there is no secret at all. */
const RETRY_AT_MOST_EVERY_MS = 1_000;
const FETCH_TIMEOUT_MS = 5_000;
/**
 * How long deliveries wait for a refresh, from its start, before the older secret is used. Long enough for a secret
 * manager to answer, so a revoked secret is seldom used again; short compared with the sender's timeout.
 */
const STALE_AFTER_MS = 500;
const MISMATCH_AFTER_MS = 2_000;

/** A running fetch. */
interface Refresh {
  readonly result: Promise<WebhookCheck>;
  readonly beganAt: number;
}

class FetchedSecretVerifier implements DeliveryVerifier {
  private latest: WebhookCheck | undefined;
  private warnings: readonly string[] = [];
  private fetchedAt = -Infinity;
  private failure = new SecretUnavailableError('The secret has not been fetched yet.');
  private triedAt = -Infinity;
  private refreshing: Refresh | undefined;

  constructor(
    private readonly fetchSecret: SecretFunction,
    private readonly options: SecretSourceOptions,
    private readonly log: RateLimitedLog,
  ) {}

  async prepare(): Promise<readonly string[]> {
    try {
      await this.refresh().result;
    } catch (error) {
      if (error instanceof SecretUnavailableError && hasErrorCode(error.cause, 'invalid_options')) {
        throw error.cause;
      }
      this.log.warn(
        'secret_unavailable',
        `${error instanceof Error ? error.message : String(error)} Deliveries are answered 503 until it returns one.`,
      );
    }
    return this.warnings;
  }

  async check(delivery: WebhookDelivery): Promise<WebhookOutcome> {
    const check = await this.current();
    const outcome = check(delivery);
    const isMismatch = hasErrorCode(outcome, 'signature_mismatch');
    const latest = isMismatch ? await this.refreshed(REFRESH_AT_MOST_EVERY_MS, MISMATCH_AFTER_MS) : check;
    return latest === check ? outcome : latest(delivery);
  }

  private current(): WebhookCheck | Promise<WebhookCheck> {
    if (!this.latest) {
      return this.refreshed(RETRY_AT_MOST_EVERY_MS, FETCH_TIMEOUT_MS);
    }
    const isFresh = performance.now() - this.fetchedAt < this.options.secretCacheSeconds * 1_000;
    return isFresh ? this.latest : this.refreshed(REFRESH_AT_MOST_EVERY_MS, STALE_AFTER_MS);
  }

  /** Fetches the secret unless that was just tried. After `waitMs`, returns the latest one there is. */
  private refreshed(atMostEveryMs: number, waitMs: number): WebhookCheck | Promise<WebhookCheck> {
    const isRecent = performance.now() - this.triedAt < atMostEveryMs;
    if (isRecent && !this.refreshing) {
      return this.lastResult();
    }
    const { result, beganAt } = this.refresh();
    const { latest } = this;
    return latest ? within(beganAt + waitMs - performance.now(), result, () => latest) : result;
  }

  private lastResult(): WebhookCheck {
    if (!this.latest) {
      throw this.failure;
    }
    return this.latest;
  }

  /** Deliveries that wait for the secret at the same time share one fetch. */
  private refresh(): Refresh {
    this.refreshing ??= {
      beganAt: performance.now(),
      result: this.fetch().finally(() => {
        this.refreshing = undefined;
        this.triedAt = performance.now();
      }),
    };
    return this.refreshing;
  }

  private async fetch(): Promise<WebhookCheck> {
    try {
      const secret = await within(FETCH_TIMEOUT_MS, this.fetchSecret(), () => {
        throw new SecretUnavailableError(
          `The secret function did not answer within ${FETCH_TIMEOUT_MS / 1_000} s.`,
        );
      });
      const { problem, warnings } = inspectSecrets(secret, this.options.signature.schemes);
      if (problem !== undefined) {
        throw new ScalekitWebhookError(
          'invalid_options',
          `The secret function returned no usable secret. ${problem}`,
        );
      }
      this.latest = createTerseCheck({ secret, ...this.options.signature });
      this.warnings = warnings;
      this.fetchedAt = performance.now();
    } catch (cause) {
      this.recordFailure(cause);
    }
    return this.lastResult();
  }

  private recordFailure(cause: unknown): void {
    // The message of a secret manager's client may hold the secret or an access token.
    const reason =
      cause instanceof ScalekitWebhookError
        ? cause.message
        : `The secret function failed (${cause instanceof Error ? cause.name : typeof cause}).`;
    this.failure = new SecretUnavailableError(reason, { cause });
    if (this.latest) {
      this.log.warn('secret_unavailable', `${reason} The secret fetched before stays in use.`);
    }
  }
}
