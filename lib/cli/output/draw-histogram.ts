import type { LatencyHistogram } from '../send/latency-histogram.js';
import { formatCount, formatMs } from './format.js';

const STEPS = [1, 1.5, 2, 3, 5, 7] as const;
const MOST_ROWS = 14;
const BAR_WIDTH = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** One row for each class of latency, from the first that occurs to the last. */
export function drawHistogram(histogram: LatencyHistogram): string[] {
  const edges = chooseEdges(histogram);
  const rows = edges.slice(1).map((to, index) => {
    const from = edges[index] ?? 0;
    return { label: `${formatMs(from)} – ${formatMs(to)} ms`, count: histogram.between(from, to) };
  });
  const most = Math.max(...rows.map(({ count }) => count), 1);
  const labelWidth = Math.max(...rows.map(({ label }) => label.length), 0);
  return rows.map(({ label, count }) => {
    const share = ((100 * count) / histogram.count).toFixed(1).padStart(5);
    const bar = drawBar(count / most).padEnd(BAR_WIDTH);
    return `${label.padStart(labelWidth)}  ${bar} ${formatCount(count).padStart(9)} ${share} %`;
  });
}

/** Round numbers, evenly spaced on a logarithmic scale, around everything that was measured. */
function chooseEdges(histogram: LatencyHistogram): number[] {
  for (const steps of [STEPS, [1, 2, 5], [1]]) {
    const edges = edgesOf(histogram, steps);
    if (edges.length - 1 <= MOST_ROWS) {
      return edges;
    }
  }
  return edgesOf(histogram, [1]);
}

function edgesOf({ min, max, count }: LatencyHistogram, steps: readonly number[]): number[] {
  if (count === 0) {
    return [];
  }
  const all: number[] = [];
  for (let decade = -3; decade <= 7; decade++) {
    all.push(...steps.map((step) => Number((step * 10 ** decade).toPrecision(3))));
  }
  const first = all.findIndex((edge) => edge >= min) - 1;
  // The end of a bucket lies a little above its values.
  const last = all.findIndex((edge) => edge >= max * 1.02);
  return all.slice(Math.max(first, 0), last + 1);
}

function drawBar(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * 8);
  const isVisible = share > 0 && eighths === 0;
  return '█'.repeat(Math.floor(eighths / 8)) + (isVisible ? '▏' : (EIGHTHS[eighths % 8] ?? ''));
}
