import { EXIT_CODE, type ExitCode } from '../cli.error.js';
import { explainFailure, isAccepted, isKnownAlready } from '../http/answers.js';
import type { Answer } from '../http/delivery-client.js';
import { formatCount, formatMs, type Output } from '../output/output.js';
import { Latencies } from './latencies.js';

/** Counts the answers. Its size does not depend on how many there are. */
export class SendStatistics {
  readonly latencies = new Latencies();
  private readonly counts = new Map<string, number>();
  private readonly startedAt = performance.now();
  private endedAt: number | undefined;
  /** Answered 2xx. 409 counts too if duplicates were sent: it is the answer while an event is in progress. */
  good = 0;
  failures = 0;

  constructor(private readonly hasDuplicates: boolean) {}

  get total(): number {
    return this.latencies.count + this.failures;
  }

  get durationMs(): number {
    return (this.endedAt ?? performance.now()) - this.startedAt;
  }

  get statuses(): readonly (readonly [name: string, count: number])[] {
    return [...this.counts].sort(([, a], [, b]) => b - a);
  }

  add(answer: Answer): void {
    const name = nameOf(answer);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (answer.failure !== undefined) {
      this.failures++;
      return;
    }
    this.latencies.add(answer.ms);
    if (isAccepted(answer) || (this.hasDuplicates && answer.status === 409)) {
      this.good++;
    }
  }

  end(): void {
    this.endedAt = performance.now();
  }
}

/** The name to count an answer under. There are only a few names, whatever a server answers. */
function nameOf(answer: Answer): string {
  if (answer.failure !== undefined) {
    return answer.failure;
  }
  if (isKnownAlready(answer)) {
    return `${answer.status} ${/accepted/i.test(answer.body) ? 'Already accepted' : 'Already processed'}`;
  }
  return isAccepted(answer) && answer.body.trim() === 'OK' ? `${answer.status} OK` : String(answer.status);
}

interface SendRun {
  readonly url: URL;
  readonly type: string;
  /** How many deliveries were requested. */
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
    latencies.draw().forEach((row) => output.line(`  ${row}`));
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
