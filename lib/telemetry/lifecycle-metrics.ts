import type { Attributes, Meter, ObservableGauge, ObservableResult } from '@opentelemetry/api';
import { SCALEKIT_EVENT_TYPES } from '../events/scalekit-event-types.js';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';
import type { DeliveryFacts, HandlerFacts, HandlerMessage } from './lifecycle.messages.js';
import { ATTRIBUTES, SYSTEM } from './lifecycle-spans.js';

const TYPES: ReadonlySet<string> = new Set(SCALEKIT_EVENT_TYPES);
/** Failed events are counted so far at each collection. */
const MAX_FAILED = 1_000;
const SECONDS = {
  unit: 's',
  advice: {
    explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 30, 60],
  },
};
const LAG = {
  ...SECONDS,
  advice: { explicitBucketBoundaries: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200] },
};

/** Counters, histograms and gauges. Each attribute has a bounded number of values: a sender can't make more. */
export class LifecycleMetrics {
  private readonly deliveries;
  private readonly answerTime;
  private readonly calls;
  private readonly handlerTime;
  private readonly lag;
  private readonly running: ObservableGauge;
  private readonly failed: ObservableGauge;

  constructor(
    meter: Meter,
    private readonly endpoints: () => readonly RegisteredEndpoint[],
  ) {
    this.deliveries = meter.createCounter('scalekit_webhooks.deliveries', {
      description: 'Deliveries that were answered.',
      unit: '{delivery}',
    });
    this.answerTime = meter.createHistogram('scalekit_webhooks.answer.duration', {
      description: 'From the arrival of a delivery to its answer.',
      ...SECONDS,
    });
    this.calls = meter.createCounter('scalekit_webhooks.handler.calls', {
      description:
        'Calls of handlers that ended: completed, failed, or given up, which were counted as failed before.',
      unit: '{call}',
    });
    this.handlerTime = meter.createHistogram('messaging.process.duration', {
      description: 'How long a call of a handler took.',
      ...SECONDS,
    });
    this.lag = meter.createHistogram('scalekit_webhooks.queue.lag', {
      description: 'From the arrival of a queued event to the first call of a handler.',
      ...LAG,
    });
    this.running = meter.createObservableGauge('scalekit_webhooks.claims.running', {
      description:
        'Claims that this process holds: events, and handlers of queued events, that it works on now.',
      unit: '{claim}',
    });
    this.failed = meter.createObservableGauge('scalekit_webhooks.failed_events', {
      description: `Handlers that gave up on an event and are neither replayed nor discarded, up to ${MAX_FAILED}.`,
      unit: '{event}',
    });
    this.running.addCallback(this.observeRunning);
    this.failed.addCallback(this.observeFailed);
  }

  answered({ endpoint, source, type, outcome, reason, durationMs = 0 }: DeliveryFacts): void {
    const attributes = { [ATTRIBUTES.endpoint]: endpoint, [ATTRIBUTES.outcome]: outcome };
    this.deliveries.add(1, {
      ...attributes,
      ...typeOf(type),
      [ATTRIBUTES.source]: source,
      [ATTRIBUTES.reason]: reason,
    });
    if (source === 'webhook') {
      this.answerTime.record(durationMs / 1_000, attributes);
    }
  }

  called(stage: HandlerMessage['stage'], call: HandlerFacts): void {
    const { endpoint, handler, type, queuedMs, attempt, durationMs = 0, error } = call;
    const attributes = { [ATTRIBUTES.endpoint]: endpoint, [ATTRIBUTES.handler]: handler };
    if (stage === 'start') {
      if (queuedMs !== undefined && attempt === 1) {
        this.lag.record(queuedMs / 1_000, attributes);
      }
      return;
    }
    const outcome = stage === 'end' ? 'completed' : stage;
    this.calls.add(1, { ...attributes, ...typeOf(type), [ATTRIBUTES.handlerOutcome]: outcome });
    if (stage !== 'given_up') {
      this.handlerTime.record(durationMs / 1_000, {
        ...attributes,
        [ATTRIBUTES.system]: SYSTEM,
        [ATTRIBUTES.operation]: 'handle',
        ...(error && { [ATTRIBUTES.error]: error.code ?? error.name }),
      });
    }
  }

  close(): void {
    this.running.removeCallback(this.observeRunning);
    this.failed.removeCallback(this.observeFailed);
  }

  private readonly observeRunning = (result: ObservableResult) => {
    for (const { name, state } of this.endpoints()) {
      if (state) {
        result.observe(state.claims().running, { [ATTRIBUTES.endpoint]: name });
      }
    }
  };

  private readonly observeFailed = async (result: ObservableResult) => {
    await Promise.all(
      this.endpoints().map(async ({ name, state }) => {
        // While the store or the queue is away there is no value.
        const count = await state?.countFailed(MAX_FAILED).catch(() => undefined);
        if (count !== undefined) {
          result.observe(count, { [ATTRIBUTES.endpoint]: name });
        }
      }),
    );
  };
}

/** Left out where the delivery was not verified. */
function typeOf(type: string | undefined): Attributes {
  return type === undefined ? {} : { [ATTRIBUTES.type]: TYPES.has(type) ? type : 'other' };
}
