import type { Meter, ObservableGauge, ObservableResult } from '@opentelemetry/api';
import type { CatchUpMessage } from '../catch-up/report.js';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';
import { ATTRIBUTES } from './lifecycle-spans.js';

/** Of a run's report. */
const OUTCOMES = { caughtUp: 'caught_up', failed: 'failed', waiting: 'waiting', refused: 'refused' } as const;

/** What catching up finds and does. */
export class CatchUpMetrics {
  private readonly runs;
  private readonly events;
  private readonly lag: ObservableGauge;

  constructor(
    meter: Meter,
    private readonly endpoints: () => readonly RegisteredEndpoint[],
  ) {
    this.runs = meter.createCounter('scalekit_webhooks.catch_up.runs', {
      description: 'Runs of catching up that ended: completed, only reported, or ended early by an error.',
      unit: '{run}',
    });
    this.events = meter.createCounter('scalekit_webhooks.catch_up.events', {
      description: 'Events that a run of catching up found missing, by what became of them in that run.',
      unit: '{event}',
    });
    this.lag = meter.createObservableGauge('scalekit_webhooks.catch_up.lag', {
      description:
        'Time since the moment up to which catching up has done everything. Of the process that catches up.',
      unit: 's',
    });
    this.lag.addCallback(this.observeLag);
  }

  ended(message: CatchUpMessage): void {
    const endpoint = { [ATTRIBUTES.endpoint]: message.endpoint };
    if (message.stage === 'interrupted') {
      this.runs.add(1, {
        ...endpoint,
        [ATTRIBUTES.catchUpOutcome]: 'interrupted',
        [ATTRIBUTES.error]: message.reason,
      });
      return;
    }
    const { report } = message;
    this.runs.add(1, { ...endpoint, [ATTRIBUTES.catchUpOutcome]: report.dryRun ? 'reported' : 'completed' });
    for (const [count, outcome] of Object.entries(OUTCOMES)) {
      const events = report[count as keyof typeof OUTCOMES];
      if (events > 0) {
        this.events.add(events, { ...endpoint, [ATTRIBUTES.catchUpOutcome]: outcome });
      }
    }
  }

  close(): void {
    this.lag.removeCallback(this.observeLag);
  }

  private readonly observeLag = (result: ObservableResult) => {
    for (const { name, state } of this.endpoints()) {
      const doneUntil = state?.catchUp()?.doneUntil;
      if (doneUntil !== undefined) {
        result.observe((Date.now() - doneUntil) / 1_000, { [ATTRIBUTES.endpoint]: name });
      }
    }
  };
}
