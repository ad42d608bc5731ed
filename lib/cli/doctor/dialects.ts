import type { WebhookScheme } from '../../signature/webhook-scheme.js';

type Headers = Readonly<Record<string, string>>;

/** A scheme, as written by one of the documents that describe it. */
export interface Dialect {
  readonly scheme: WebhookScheme;
  write(headers: Headers): Headers;
}

/** In the order in which they are tried. The overview's own handler compares with the bare digits of a digest. */
export const DIALECTS: readonly Dialect[] = [
  { scheme: 'standard', write: (headers) => headers },
  { scheme: 'timestamped', write: (headers) => headers },
  { scheme: 'digest', write: bareDigest },
  { scheme: 'digest', write: (headers) => headers },
];

function bareDigest(headers: Headers): Headers {
  const digits = headers['x-scalekit-signature']?.replace('sha256=', '');
  return digits === undefined ? headers : { ...headers, 'x-scalekit-signature': digits };
}
