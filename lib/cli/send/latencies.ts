import { createHistogram } from 'node:perf_hooks';
import { formatCount, formatMs } from '../output/output.js';

const STEPS = [1, 1.5, 2, 3, 5, 7] as const;
/** The rows of a drawing end at these latencies, in ms: from 1 µs to 70,000 s. */
const EDGES = Array.from({ length: 11 }, (_, decade) =>
  STEPS.map((step) => Number((step * 10 ** (decade - 3)).toPrecision(3))),
).flat();
const MOST_ROWS = 14;
const BAR_WIDTH = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** Percentiles and a drawing of any number of latencies, in constant memory. */
export class Latencies {
  private readonly nanoseconds = createHistogram();
  /** How many latencies ended in each row. */
  private readonly rows = Array.from(EDGES, () => 0);
  count = 0;
  max = 0;

  add(ms: number): void {
    this.nanoseconds.record(Math.max(1, Math.round(ms * 1e6)));
    const found = EDGES.findIndex((edge) => ms <= edge);
    const row = found === -1 ? EDGES.length - 1 : found;
    this.rows[row] = (this.rows[row] ?? 0) + 1;
    this.count++;
    this.max = Math.max(this.max, ms);
  }

  /** The latency in ms that `percent` of 100 deliveries did not exceed. */
  percentile(percent: number): number {
    return this.count === 0 ? 0 : Math.min(this.nanoseconds.percentile(percent) / 1e6, this.max);
  }

  /** One line for each range of latencies, from the first that occurs to the last. Ranges are joined if there are too many. */
  draw(): string[] {
    const first = this.rows.findIndex((count) => count > 0);
    const last = EDGES.length - 1 - [...this.rows].reverse().findIndex((count) => count > 0);
    if (first === -1) {
      return [];
    }
    const span = Math.ceil((last - first + 1) / MOST_ROWS);
    const rows: { label: string; count: number }[] = [];
    for (let start = first; start <= last; start += span) {
      const end = Math.min(start + span, last + 1);
      const [from, to] = [start === 0 ? 0 : (EDGES[start - 1] ?? 0), EDGES[end - 1] ?? 0];
      const count = this.rows.slice(start, end).reduce((sum, each) => sum + each, 0);
      rows.push({ label: `${formatMs(from)} – ${formatMs(to)} ms`, count });
    }
    const most = Math.max(...rows.map(({ count }) => count));
    const labelWidth = Math.max(...rows.map(({ label }) => label.length));
    return rows.map(({ label, count }) => {
      const share = ((100 * count) / this.count).toFixed(1).padStart(5);
      const bar = drawBar(count / most).padEnd(BAR_WIDTH);
      return `${label.padStart(labelWidth)}  ${bar} ${formatCount(count).padStart(9)} ${share} %`;
    });
  }
}

function drawBar(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * 8);
  const isVisible = share > 0 && eighths === 0;
  return '█'.repeat(Math.floor(eighths / 8)) + (isVisible ? '▏' : (EIGHTHS[eighths % 8] ?? ''));
}
