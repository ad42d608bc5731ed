import type { WebhookScheme } from '../../signature/webhook-scheme.js';

type Headers = Readonly<Record<string, string>>;

/** How a scheme writes two signatures of one delivery, if it has room for two. */
export const SIGNATURE_LISTS: Readonly<
  Record<WebhookScheme, ((first: Headers, second: Headers) => Record<string, string>) | undefined>
> = {
  standard: (first, second) => ({
    ...first,
    'webhook-signature': `${first['webhook-signature']} ${second['webhook-signature']}`,
  }),
  timestamped: (first, second) => ({
    ...first,
    'scalekit-signature': `${first['scalekit-signature']},${second['scalekit-signature']?.replace(/^t=\d+,/, '')}`,
  }),
  digest: undefined,
};
