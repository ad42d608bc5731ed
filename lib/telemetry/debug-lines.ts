import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HandlerRegistry } from '../handlers/handler.registry.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { escapeControlCharacters } from '../shared/escape-control-characters.js';
import { isDebugPrinted } from '../shared/nest-internals.js';
import {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerFacts,
  type HandlerMessage,
} from './lifecycle.messages.js';

/** At level `debug` one line for each delivery: what it was, and what became of it. Listens only if the level is on at boot. */
@Injectable()
export class DebugLines implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('ScalekitWebhook');
  /** What handlers of deliveries that are not answered yet have done, by endpoint and event. */
  private readonly open = new Map<string, string[]>();

  constructor(
    private readonly registry: ScalekitWebhookRegistry,
    private readonly handlers: HandlerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    if (isDebugPrinted()) {
      subscribe(DELIVERY_CHANNEL, this.onDelivery);
      subscribe(HANDLER_CHANNEL, this.onCall);
    }
  }

  onApplicationShutdown(): void {
    unsubscribe(DELIVERY_CHANNEL, this.onDelivery);
    unsubscribe(HANDLER_CHANNEL, this.onCall);
  }

  private readonly onDelivery = (message: unknown) => {
    const { stage, delivery } = message as DeliveryMessage;
    if (delivery.application !== this.registry.application) {
      return;
    }
    if (stage === 'claimed') {
      this.open.set(keyOf(delivery), []);
    } else if (stage === 'answered') {
      const done = this.open.get(keyOf(delivery)) ?? [];
      if (delivery.attempt !== undefined) {
        this.open.delete(keyOf(delivery));
      }
      const source = delivery.source === 'catch-up' ? '(catch-up) ' : '';
      this.write(delivery, source + this.describe(delivery, done));
    }
  };

  private readonly onCall = (message: unknown) => {
    const { stage, call } = message as HandlerMessage;
    if (call.application !== this.registry.application || (stage !== 'end' && stage !== 'failed')) {
      return;
    }
    const text = `${call.handler} ${stage === 'failed' ? 'failed after ' : ''}${inMs(call)}`;
    const open = this.open.get(keyOf(call));
    if (open && call.queuedMs === undefined) {
      open.push(text);
    } else {
      this.write(call, `→ ${text}${call.queuedMs === undefined ? '' : `, attempt ${call.attempt}`}`);
    }
  };

  private describe({ endpoint, type = '', outcome, reason, status }: DeliveryFacts, done: string[]): string {
    const text = done.length > 0 ? `→ ${done.join(', ')}` : '';
    switch (outcome) {
      case 'handled':
        return (
          text || (this.handlers.handlersFor(endpoint, type).length === 0 ? NOBODY : 'nothing left to do')
        );
      case 'failed':
      case 'refused':
        return `${text && `${text}: `}${outcome}, answered ${status} (${reason})`;
      case 'late':
        return `${text && `${text}, `}handlers still run, answered ${status}`;
      default:
        return outcome?.replace('_', ' ') ?? '';
    }
  }

  private write({ endpoint, eventId, type }: DeliveryFacts | HandlerFacts, what: string): void {
    const which = eventId === undefined ? 'a delivery' : `${eventId} ${type}`;
    this.logger.debug(escapeControlCharacters(`[${endpoint}] ${which} ${what}`));
  }
}

const NOBODY = 'no handler listens';

function keyOf({ endpoint, eventId = '' }: DeliveryFacts | HandlerFacts): string {
  return `${endpoint}\n${eventId}`;
}

function inMs({ durationMs = 0 }: HandlerFacts): string {
  return `${Math.round(durationMs)} ms`;
}
