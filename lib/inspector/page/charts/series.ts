import type { InspectorStats } from '../../inspector.api.js';
import { OUTCOMES, type Outcome } from '../ui/outcome.js';
import type { PlotSeries } from './plot.js';

/** From the bottom of the stack to its top. */
const STACK: readonly Outcome[] = [
  'handled',
  'queued',
  'duplicate',
  'in_progress',
  'late',
  'refused',
  'failed',
];

export function totals({ at, outcomes }: InspectorStats): number[] {
  return at.map((_, index) => STACK.reduce((sum, outcome) => sum + (outcomes[outcome][index] ?? 0), 0));
}

export function totalOf({ outcomes }: InspectorStats, wanted: readonly Outcome[] = STACK): number {
  return wanted.reduce((sum, outcome) => sum + outcomes[outcome].reduce((all, many) => all + many, 0), 0);
}

/** The last bucket is not full yet: its rate would always fall. */
export function rateSeries(stats: InspectorStats): PlotSeries[] {
  const seconds = stats.bucketMs / 1000;
  const values = totals(stats).map((many, index, all) => (index === all.length - 1 ? null : many / seconds));
  return [{ label: 'Deliveries', color: '--accent', values }];
}

export function answerSeries({ p50, p95, p99 }: InspectorStats): PlotSeries[] {
  return [
    { label: 'p99', color: '--chart-p99', values: p99 },
    { label: 'p95', color: '--chart-p95', values: p95 },
    { label: 'p50', color: '--chart-p50', values: p50 },
  ];
}

/** The largest sum comes first, so that what is drawn over it shows the smaller ones. */
export function shareSeries(stats: InspectorStats): PlotSeries[] {
  const all = totals(stats);
  const share = (many: readonly number[]) =>
    all.map((total, bucket) => (total === 0 ? null : (100 * (many[bucket] ?? 0)) / total));
  let sum = all.map(() => 0);
  return STACK.map((outcome) => {
    const own = stats.outcomes[outcome];
    sum = sum.map((below, bucket) => below + (own[bucket] ?? 0));
    return { label: OUTCOMES[outcome], color: `--chart-${outcome}`, values: share(sum), told: share(own) };
  }).reverse();
}
