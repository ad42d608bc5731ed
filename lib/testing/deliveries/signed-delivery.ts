import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { signWebhook } from '../../signature/sign-webhook.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';

/**
 * An event, or the bytes of a body. Objects are written as JSON; a string stands for its UTF-8 bytes.
 *
 * @publicApi
 */
export type DeliverableEvent = object | string | Uint8Array;

/** @publicApi */
export interface SignedDeliveryOptions {
  /** The signing secret of the endpoint (`whsec_…`). */
  readonly secret: string;
  /** @default 'standard' */
  readonly scheme?: WebhookScheme | undefined;
  /**
   * The `webhook-id`, which only `standard` has.
   *
   * @default one made of the event's id, so that another delivery of the event has it, too
   */
  readonly id?: string | undefined;
  /**
   * When the delivery is sent.
   *
   * @default now
   */
  readonly timestamp?: Date | undefined;
}

/** How a delivery is signed, apart from its body and its time. */
export interface Signing {
  readonly secret: string;
  readonly scheme: WebhookScheme;
  readonly id: string;
}

export function bytesOf(event: DeliverableEvent): Buffer {
  if (event instanceof Uint8Array) return Buffer.from(event);
  return Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
}

export function signingOf(
  event: DeliverableEvent,
  { secret, scheme = 'standard', id = messageIdOf(event) }: SignedDeliveryOptions,
): Signing {
  return { secret, scheme, id };
}

/** A spread, because fetch takes only objects with a prototype. */
export function sign(body: Uint8Array, signing: Signing, timestamp: Date): Record<string, string> {
  return { ...signWebhook({ ...signing, body, timestamp }) };
}

/** The `webhook-id` of an event: the same for each delivery of it. */
export function messageIdOf(event: DeliverableEvent): string {
  const id: unknown = typeof event === 'object' && 'id' in event ? event.id : undefined;
  const isHeaderValue = typeof id === 'string' && /^[\w.-]{1,200}$/.test(id);
  return `msg_${isHeaderValue ? id.replace(/^evt_/, '') : randomUUID()}`;
}

/** Writes a delivery as if it were sent at that moment. */
export type DeliveryRecipe = (sentAt: Date) => {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
};

/**
 * A delivery, ready to be sent by whatever sends:
 *
 * ```ts
 * await fetch(url, delivery);
 * await app.inject({ url: '/webhooks/scalekit', ...delivery }); // Fastify
 * await request(app.getHttpServer()).post('/webhooks/scalekit').set(delivery.headers).send(delivery.body);
 * await service.receive(delivery); // ScalekitWebhookService
 * ```
 *
 * @publicApi
 */
export interface SignedDelivery {
  readonly method: 'POST';
  /** Names in lower case, `content-type` included. */
  readonly headers: Record<string, string>;
  /** The body as text, for senders that would make JSON of a Buffer. */
  readonly body: string;
  /** The exact bytes of the body: send these if they are no UTF-8. */
  readonly rawBody: Uint8Array;

  /**
   * The same delivery as the sender's next attempt: the same bytes and message id, signed anew.
   *
   * @param sentAt by default now
   */
  again(sentAt?: Date): SignedDelivery;
}

export function createDelivery(recipe: DeliveryRecipe, sentAt: Date): SignedDelivery {
  const { headers, rawBody } = recipe(sentAt);
  const delivery: Omit<SignedDelivery, 'again'> = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(rawBody).toString(),
    rawBody,
  };
  // Not enumerable, so that `{ url, ...delivery }` is a plain request.
  const again: SignedDelivery['again'] = (later = new Date()) => createDelivery(recipe, later);
  return Object.defineProperty(delivery, 'again', { value: again }) as SignedDelivery;
}
