import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import {
  bytesOf,
  createDelivery,
  type DeliverableEvent,
  type DeliveryRecipe,
  sign,
  type SignedDelivery,
  type SignedDeliveryOptions,
  type Signing,
  signingOf,
} from './signed-delivery.js';

type Headers = Readonly<Record<string, string>>;

/** How a scheme writes two signatures of one delivery, if it has room for two. */
const SIGNATURE_LISTS: Readonly<
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

/** More than any sensible tolerance. */
const AN_HOUR_MS = 3_600_000;

/** Signed as Scalekit signs it. */
function deliver(event: DeliverableEvent, options: SignedDeliveryOptions): SignedDelivery {
  const rawBody = bytesOf(event);
  const signing = signingOf(event, options);
  return send(options, (sentAt) => ({ headers: sign(rawBody, signing, sentAt), rawBody }));
}

/** Changed after it was signed: one field was added, and the body is still JSON. To be answered 401. */
function tampered(event: DeliverableEvent, options: SignedDeliveryOptions): SignedDelivery {
  const signed = bytesOf(event);
  const signing = signingOf(event, options);
  const rawBody = tamperWith(signed);
  return send(options, (sentAt) => ({ headers: sign(signed, signing, sentAt), rawBody }));
}

/** Signed with a random secret. To be answered 401. */
function forged(
  event: DeliverableEvent,
  options: Omit<SignedDeliveryOptions, 'secret'> = {},
): SignedDelivery {
  return deliver(event, { ...options, secret: `whsec_${randomBytes(32).toString('base64')}` });
}

/** Signed an hour ago. To be answered 401. `digest` signs no time and throws. */
function expired(event: DeliverableEvent, options: SignedDeliveryOptions): SignedDelivery {
  return shifted(event, options, 'expired', -AN_HOUR_MS);
}

/** Signed an hour ahead. To be answered 401. `digest` signs no time and throws. */
function fromTheFuture(event: DeliverableEvent, options: SignedDeliveryOptions): SignedDelivery {
  return shifted(event, options, 'fromTheFuture', AN_HOUR_MS);
}

/**
 * Signed with both secrets, as senders do while a secret is replaced: an endpoint that knows either accepts it.
 * `digest` has room for one signature and throws.
 */
function rotated(
  event: DeliverableEvent,
  options: SignedDeliveryOptions & {
    /** The secret that is being replaced. */
    readonly previousSecret: string;
  },
): SignedDelivery {
  const rawBody = bytesOf(event);
  const signing = signingOf(event, options);
  const previous: Signing = { ...signing, secret: options.previousSecret };
  const join = SIGNATURE_LISTS[signing.scheme];
  if (!join) throw senseless('rotated', signing.scheme, 'its header holds one signature');
  return send(options, (sentAt) => ({
    headers: join(sign(rawBody, previous, sentAt), sign(rawBody, signing, sentAt)),
    rawBody,
  }));
}

/** The sender's next attempt at a delivery: the same bytes and message id, signed anew. */
function duplicateOf(delivery: SignedDelivery, sentAt?: Date): SignedDelivery {
  return delivery.again(sentAt);
}

/**
 * Signs an event as Scalekit does: exact bytes, and the headers to send with them.
 *
 * ```ts
 * await fetch(url, signedDelivery(scalekitEvent('user.created'), { secret }));
 * ```
 *
 * Its presets are deliveries with something special about them: `tampered`, `forged`, `expired` and `fromTheFuture`
 * are to be answered 401, `rotated` and `duplicateOf` to be accepted.
 *
 * @throws WebhookVerificationError `invalid_secret`, `invalid_options`
 * @throws ScalekitWebhookError `senseless_delivery` for a preset that a scheme can't express
 * @publicApi
 */
export const signedDelivery = Object.freeze(
  Object.assign(deliver, { tampered, forged, expired, fromTheFuture, rotated, duplicateOf }),
);

function shifted(
  event: DeliverableEvent,
  options: SignedDeliveryOptions,
  preset: string,
  byMs: number,
): SignedDelivery {
  const rawBody = bytesOf(event);
  const signing = signingOf(event, options);
  if (signing.scheme === 'digest') throw senseless(preset, signing.scheme, 'it signs no time');
  return send(options, (sentAt) => ({
    headers: sign(rawBody, signing, new Date(sentAt.getTime() + byMs)),
    rawBody,
  }));
}

function send(
  { timestamp = new Date() }: Pick<SignedDeliveryOptions, 'timestamp'>,
  recipe: DeliveryRecipe,
): SignedDelivery {
  return createDelivery(recipe, timestamp);
}

function senseless(preset: string, scheme: WebhookScheme, why: string): ScalekitWebhookError {
  return new ScalekitWebhookError(
    'senseless_delivery',
    `signedDelivery.${preset} means nothing under the scheme "${scheme}": ${why}. Use another scheme or preset.`,
  );
}

function tamperWith(body: Buffer): Buffer {
  const isFilledObject = body.subarray(0, 2).toString() === '{"';
  return isFilledObject
    ? Buffer.concat([Buffer.from('{"tampered":true,'), body.subarray(1)])
    : Buffer.concat([body, Buffer.from(' ')]);
}
