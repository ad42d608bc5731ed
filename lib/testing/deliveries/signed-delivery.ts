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
export class SignedDelivery {
  readonly method = 'POST';
  /** Names in lower case, `content-type` included. */
  readonly headers: Record<string, string>;
  /** The body as text, for senders that would make JSON of a Buffer. */
  readonly body: string;
  /** The exact bytes of the body: send these if they are no UTF-8. */
  readonly rawBody: Uint8Array;

  readonly #recipe: DeliveryRecipe;

  constructor(recipe: DeliveryRecipe, sentAt: Date) {
    const { headers, rawBody } = recipe(sentAt);
    this.#recipe = recipe;
    this.headers = { 'content-type': 'application/json', ...headers };
    this.rawBody = rawBody;
    this.body = Buffer.from(rawBody).toString();
  }

  /**
   * The same delivery as the sender's next attempt: the same bytes and message id, signed anew.
   *
   * @param sentAt by default now
   */
  again(sentAt = new Date()): SignedDelivery {
    return new SignedDelivery(this.#recipe, sentAt);
  }
}
