/**
 * A Fetch `Headers`, of whatever realm or library.
 *
 * @publicApi
 */
export interface WebhookHeadersLike {
  get(name: string): string | null;
  entries(): Iterable<readonly [string, string]>;
}

/**
 * The headers of a delivery, names in any case: Node's `request.headers` or `request.headersDistinct`, any other
 * plain object, or a Fetch `Headers`. Of a plain object only its own enumerable properties are headers.
 *
 * @publicApi
 */
export type WebhookHeaders =
  Readonly<Record<string, string | readonly string[] | undefined>> | WebhookHeadersLike;
