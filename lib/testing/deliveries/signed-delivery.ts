import { Buffer } from 'node:buffer';

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
