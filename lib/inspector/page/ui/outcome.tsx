import type { DeliveryEntry } from '../../inspector.api.js';

export type Outcome = NonNullable<DeliveryEntry['outcome']>;

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  handled: 'Handled',
  queued: 'Queued',
  duplicate: 'Duplicate',
  in_progress: 'In progress',
  late: 'Late',
  refused: 'Refused',
  failed: 'Failed',
};

/** Nothing is known of a delivery that is not answered yet. */
export function OutcomeChip({ of }: { of: Outcome | undefined }) {
  return <span class={`chip is-${of ?? 'running'}`}>{of ? OUTCOMES[of] : 'Running'}</span>;
}
