import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CATCH_UP_CHANNEL, type CatchUpMessage } from '../catch-up/report.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { registeredApi } from '../shared/open-telemetry-api.js';
import { CatchUpMetrics } from './catch-up-metrics.js';
import {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  type DeliveryMessage,
  HANDLER_CHANNEL,
  type HandlerFacts,
  type HandlerMessage,
} from './lifecycle.messages.js';
import { LifecycleMetrics } from './lifecycle-metrics.js';
import { DeliverySpans, HandlerSpans, type LifecycleSpans } from './lifecycle-spans.js';

/** Names the tracer and the meter. */
const SCOPE = 'nestjs-scalekit-webhooks';

type Listen = (message: unknown) => void;

/**
 * Makes spans and metrics of the lifecycle channels, where the application registered a tracer or a meter with
 * `@opentelemetry/api` before it started. Without one, nothing is listened to.
 */
@Injectable()
export class OpenTelemetry implements OnApplicationBootstrap, OnApplicationShutdown {
  private stops: (() => void)[] = [];

  constructor(private readonly registry: ScalekitWebhookRegistry) {}

  onApplicationBootstrap(): void {
    const { trace, metrics } = registeredApi();
    if (trace) {
      const tracer = trace.getTracer(SCOPE);
      this.follow<DeliveryFacts>(DELIVERY_CHANNEL, new DeliverySpans(tracer));
      this.follow<HandlerFacts>(HANDLER_CHANNEL, new HandlerSpans(tracer));
    }
    if (metrics) {
      const measured = new LifecycleMetrics(metrics.getMeter(SCOPE), () => this.registry.all);
      this.listen(DELIVERY_CHANNEL, (message) => {
        const { stage, delivery } = message as DeliveryMessage;
        if (stage === 'answered' && this.isOurs(delivery)) {
          measured.answered(delivery);
        }
      });
      this.listen(HANDLER_CHANNEL, (message) => {
        const { stage, call } = message as HandlerMessage;
        if (this.isOurs(call)) {
          measured.called(stage, call);
        }
      });
      const caughtUp = new CatchUpMetrics(metrics.getMeter(SCOPE), () => this.registry.all);
      this.listen(CATCH_UP_CHANNEL, (message) => {
        if (this.isOurs(message as CatchUpMessage)) {
          caughtUp.ended(message as CatchUpMessage);
        }
      });
      this.stops.push(() => {
        measured.close();
        caughtUp.close();
      });
    }
  }

  onApplicationShutdown(): void {
    for (const stop of this.stops) {
      stop();
    }
    this.stops = [];
  }

  private isOurs({ application }: DeliveryFacts | HandlerFacts | CatchUpMessage): boolean {
    return application === this.registry.application;
  }

  private listen(name: string, listen: Listen): void {
    subscribe(name, listen);
    this.stops.push(() => unsubscribe(name, listen));
  }

  private follow<Facts extends DeliveryFacts | HandlerFacts>(
    name: string,
    spans: LifecycleSpans<Facts>,
  ): void {
    this.listen(`tracing:${name}:start`, (facts) => {
      if (this.isOurs(facts as Facts)) {
        spans.begin(facts as Facts);
      }
    });
    this.listen(`tracing:${name}:asyncEnd`, (facts) => {
      spans.end(facts as Facts);
    });
  }
}
