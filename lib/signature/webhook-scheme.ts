/**
 * Every signature scheme this package verifies, the strongest first: the order in which they decide (S3).
 *
 * - `standard`: [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md),
 *   what Scalekit's own SDK verifies. Signs the id, the timestamp and the body.
 * - `timestamped`: `t=<unix seconds>,v1=<hex>`. Signs the timestamp and the body.
 * - `digest`: `<hex>` or `sha256=<hex>`. Signs the body alone: a captured delivery can be replayed.
 *
 * @publicApi
 */
export const WEBHOOK_SCHEMES = Object.freeze(['standard', 'timestamped', 'digest'] as const);

/**
 * How a delivery is signed: see {@link WEBHOOK_SCHEMES}.
 *
 * @publicApi
 */
export type WebhookScheme = (typeof WEBHOOK_SCHEMES)[number];

export function isWebhookScheme(value: unknown): value is WebhookScheme {
  return WEBHOOK_SCHEMES.some((scheme) => scheme === value);
}

/**
 * What a good signature proves of a delivery, besides its body.
 *
 * @publicApi
 */
export interface WebhookVerification {
  /** The scheme that decided. */
  readonly scheme: WebhookScheme;
  /** The signed `webhook-id`. Only `standard` signs one. */
  readonly id?: string;
  /** When the delivery was signed, in unix seconds. `digest` signs no time. */
  readonly timestamp?: number;
}
