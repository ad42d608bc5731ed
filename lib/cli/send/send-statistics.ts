import { isAccepted, isKnownAlready } from '../http/answers.js';
import type { Answer, Failure } from '../http/delivery-client.js';
import { LatencyHistogram } from './latency-histogram.js';

/** What became of the deliveries. Its size does not depend on how many there are. */
export class SendStatistics {
  readonly latencies = new LatencyHistogram();
  private readonly counts = new Map<string, number>();
  private readonly startedAt = performance.now();
  private endedAt: number | undefined;
  /** Answered 2xx, or 409 where repetitions were sent: that is what an event is answered while it is worked on. */
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

  add(answer: Answer | Failure): void {
    const name = nameOf(answer);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if ('failure' in answer) {
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

/** Of a small number of names: a server's own words are not among them. */
function nameOf(answer: Answer | Failure): string {
  if ('failure' in answer) {
    return answer.failure;
  }
  if (isKnownAlready(answer)) {
    return `${answer.status} ${/accepted/i.test(answer.body) ? 'Already accepted' : 'Already processed'}`;
  }
  return isAccepted(answer) && answer.body.trim() === 'OK' ? `${answer.status} OK` : String(answer.status);
}
