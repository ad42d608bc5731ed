import type { CatchUpOptions } from './catch-up/catch-up.options.js';
import type { DispatcherFactory } from './dispatch/event-dispatcher.js';
import type { IdempotencyStore } from './idempotency/idempotency-store.js';
import type { FailedEventOptions } from './idempotency/failure.ledger.js';
import type { SecretFunction, Secrets } from './signature/secret-source.js';
import type { WebhookScheme } from './signature/webhook-scheme.js';

/** How signatures are checked. */
export interface SignatureOptions {
  /**
   * The schemes that are accepted. The strongest one present in a delivery decides alone.
   *
   * `digest` has no timestamp: a captured delivery can be replayed once the store has forgotten its event.
   * `['standard']` is what the official SDK verifies.
   *
   * @default ['standard', 'timestamped', 'digest']
   */
  schemes: readonly WebhookScheme[];

  /**
   * How far a delivery's timestamp may be from this machine's clock, either way, in seconds.
   *
   * @default 300
   */
  toleranceSeconds: number;

  /**
   * The greatest age of an event, by its signed `occurred_at` or `created`, in seconds; older ones, and those
   * without a date, are refused. Bounds replays under `digest`, but loses events whose retries take longer: the
   * sender retries for more than a day.
   *
   * @default undefined (any age)
   */
  maxEventAgeSeconds?: number;
}

/** How events are claimed and remembered, so that a duplicate does not run finished handlers again. */
export interface IdempotencyOptions {
  /**
   * Where finished and running events are remembered.
   *
   * @default new MemoryIdempotencyStore(): one process, lost on restart
   */
  store: IdempotencyStore;

  /**
   * How long an event id is remembered, in seconds. The sender's retries span more than a day (Svix: 27 h 35 min).
   *
   * @default 604_800 (7 days)
   */
  ttlSeconds: number;

  /**
   * How long a running event stays claimed after its process was last heard of, in milliseconds. Renewed while
   * handlers run; when it runs out, another process may take the event over.
   *
   * @default 60_000
   */
  leaseMs: number;
  /** What is kept of an event that a handler gave up on: with the inline dispatcher, and in a controller of your own. */
  failed: FailedEventOptions;
}

/**
 * The options of one endpoint after `resolveOptions()`, which applies the defaults and checks the rules. What users
 * write is `ScalekitWebhookModuleOptions`.
 */
export interface ScalekitWebhookOptions {
  /**
   * The endpoint's signing secret from Dashboard > Developers > Webhooks; a list while it is rotated (any of them
   * verifies); or a function that fetches it, from a secret manager say.
   */
  secret: Secrets | SecretFunction;

  /**
   * How long the result of a `secret` function is used, in seconds. It is also fetched again, at most every five
   * seconds, when a signature does not match.
   *
   * @default 60
   */
  secretCacheSeconds: number;

  /**
   * The route, below the global prefix if there is one.
   *
   * @default 'webhooks/scalekit'
   */
  path: string;

  /**
   * The environment, or environments, whose events are accepted, by `environment_id`. Events of another one, or
   * without one, are answered 400: a development secret can't feed production.
   *
   * @default undefined (any)
   */
  environmentId?: string | readonly string[];

  /**
   * The application's name in a store or queue that several applications share. It is part of every ledger key and of
   * the default queue name, so that one application never takes the events of another. Same characters as endpoint
   * names: letters, digits, `.`, `_` and `-`.
   *
   * Changing it makes the ledger forget: events that are under way may run again.
   *
   * @default undefined: only one application uses the store and the queue
   */
  namespace?: string;

  signature: SignatureOptions;

  idempotency: IdempotencyOptions;

  /**
   * Fetches events that the sender gave up on from Scalekit's API, and has them handled.
   *
   * @default undefined: what the sender gave up on is lost
   */
  catchUp?: CatchUpOptions;

  /**
   * The largest body that is read, in bytes. Reading stops there and the delivery is answered 413.
   *
   * @default 1_048_576 (1 MiB)
   */
  maxBodyBytes: number;

  /**
   * The memory that all bodies of this endpoint may take together before they are verified, in bytes; anybody can send
   * those. When a body needs more than is left, the upload that has been arriving the longest is answered 503 with
   * `Retry-After`. Never less than `maxBodyBytes`.
   *
   * @default 67_108_864 (64 MiB)
   */
  maxUnverifiedBytes: number;

  /**
   * What happens between the claim and the answer: handlers run at once, or the event goes to a queue.
   *
   * @default inlineDispatcher()
   */
  dispatcher: DispatcherFactory;

  /**
   * When a delivery that is not finished is answered 503, in milliseconds since the request arrived: reading the body,
   * fetching the secret, the store and the handlers count. Handlers run on, and the sender's retry finds their result.
   * The sender waits for 10 seconds.
   *
   * @default 7_000
   */
  answerWithinMs: number;

  /**
   * When handlers that still run count as failed and `context.signal` is aborted, in milliseconds.
   *
   * @default 300_000 (5 minutes)
   */
  handlerTimeoutMs: number;

  /**
   * How long `app.close()` waits for running handlers, in milliseconds, before it aborts `context.signal` and
   * releases their events.
   *
   * @default 10_000
   */
  shutdownTimeoutMs: number;
}

type Nested = 'signature' | 'idempotency';

/**
 * The options of `forRoot`, and what the factory of `forRootAsync` returns. Only `secret` is required.
 *
 * @publicApi
 */
export interface ScalekitWebhookModuleOptions
  extends Pick<ScalekitWebhookOptions, 'secret'>, Partial<Omit<ScalekitWebhookOptions, 'secret' | Nested>> {
  /** How signatures are checked. */
  readonly signature?: Partial<SignatureOptions>;
  /** How events are claimed and remembered, so that a duplicate does not run finished handlers again. */
  readonly idempotency?: Partial<Omit<IdempotencyOptions, 'failed'>> & {
    /** What is kept of an event that a handler gave up on. */
    readonly failed?: Partial<FailedEventOptions>;
  };
}

/**
 * For `forRootAsync({ useClass })` and `useExisting`.
 *
 * @publicApi
 */
export interface ScalekitWebhookOptionsFactory {
  createScalekitWebhookOptions(): Promise<ScalekitWebhookModuleOptions> | ScalekitWebhookModuleOptions;
}
