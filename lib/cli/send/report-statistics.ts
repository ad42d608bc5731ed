import { EXIT_CODE, type ExitCode } from '../exit-code.js';
import { explainFailure } from '../http/explain-failure.js';
import { drawHistogram } from '../output/draw-histogram.js';
import { formatCount, formatMs } from '../output/format.js';
import type { Output } from '../output/output.js';
import type { SendStatistics } from './send-statistics.js';

interface SendRun {
  readonly url: URL;
  readonly type: string;
  /** How many were to be sent. */
  readonly count: number;
  readonly isInterrupted: boolean;
}

const PERCENTILES = [50, 90, 99] as const;

export function reportStatistics(statistics: SendStatistics, run: SendRun, output: Output): ExitCode {
  const { latencies, total, durationMs, statuses } = statistics;
  const perSecond = Math.round((1000 * total) / Math.max(durationMs, 1));
  const percentiles = Object.fromEntries(
    PERCENTILES.map((percent) => [`p${percent}`, Number(formatMs(latencies.percentile(percent)))]),
  );
  output.json({
    url: run.url.href,
    type: run.type,
    count: run.count,
    answered: latencies.count,
    interrupted: run.isInterrupted,
    durationMs: Math.round(durationMs),
    perSecond,
    statuses: Object.fromEntries(statuses),
    latencyMs: { ...percentiles, max: Number(formatMs(latencies.max)) },
  });
  const seconds = (durationMs / 1000).toFixed(1);
  const of = total === run.count ? '' : ` of ${formatCount(run.count)}`;
  output.line(`${formatCount(total)}${of} deliveries of ${run.type} to ${run.url.href}`);
  output.line(
    `in ${seconds} s, ${formatCount(perSecond)} per second${run.isInterrupted ? ', stopped by Ctrl-C' : ''}\n`,
  );
  printStatuses(statistics, output);
  if (latencies.count > 0) {
    output.line();
    drawHistogram(latencies).forEach((row) => output.line(`  ${row}`));
    const figures = Object.entries({ ...percentiles, max: formatMs(latencies.max) });
    output.line(
      `\n  ${figures.map(([name, ms]) => `${name} ${output.paint('bold', `${ms} ms`)}`).join('   ')}`,
    );
  }
  return exitCodeOf(statistics, run);
}

function printStatuses({ statuses }: SendStatistics, output: Output): void {
  for (const [name, count] of statuses) {
    const style = name.startsWith('2') ? 'green' : name === '409' ? 'yellow' : 'red';
    output.line(
      `  ${formatCount(count).padStart(9)}  ${output.paint(style, /^\d/.test(name) ? name : explainFailure(name))}`,
    );
  }
}

function exitCodeOf({ total, good, failures }: SendStatistics, { isInterrupted }: SendRun): ExitCode {
  if (isInterrupted) {
    return EXIT_CODE.interrupted;
  }
  if (total === failures) {
    return EXIT_CODE.unreachable;
  }
  return good === total ? EXIT_CODE.ok : EXIT_CODE.failed;
}
