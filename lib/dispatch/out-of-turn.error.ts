import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/** Another event of the same `latestOnly` key is being handled: this one comes after it, or not at all. */
export class OutOfTurnError extends ScalekitWebhookError<'out_of_turn'> {
  constructor(readonly seconds: number) {
    super('out_of_turn', 'Another event with the same latestOnly key is being handled.');
  }
}
