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
