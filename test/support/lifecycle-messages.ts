import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  DELIVERY_CHANNEL,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerMessage,
} from '../../lib/index.js';

/** What the channels tell, as it was when it was told. */
export class LifecycleMessages {
  readonly all: (DeliveryMessage | HandlerMessage)[] = [];
  private readonly listen = (message: unknown) => {
    this.all.push(structuredClone(message) as DeliveryMessage | HandlerMessage);
  };

  constructor() {
    subscribe(DELIVERY_CHANNEL, this.listen);
    subscribe(HANDLER_CHANNEL, this.listen);
  }

  /** The steps, those of a handler with its name. */
  get steps(): string[] {
    return this.all.map((message) =>
      'call' in message ? `${message.call.handler} ${message.stage}` : message.stage,
    );
  }

  delivery(stage: DeliveryMessage['stage']) {
    return this.all.flatMap((each) => ('delivery' in each && each.stage === stage ? [each.delivery] : []));
  }

  calls(stage: HandlerMessage['stage']) {
    return this.all.flatMap((each) => ('call' in each && each.stage === stage ? [each.call] : []));
  }

  stop(): void {
    unsubscribe(DELIVERY_CHANNEL, this.listen);
    unsubscribe(HANDLER_CHANNEL, this.listen);
  }
}
