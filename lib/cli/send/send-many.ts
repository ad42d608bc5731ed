import type { Answer, DeliveryClient } from '../http/delivery-client.js';
import type { DeliverySource } from './delivery-source.js';

/** Gives up after this many failures if there was no answer at all. */
const MOST_FAILURES = 20;

interface SendPlan {
  readonly count: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: Answer) => void;
}

/** Sends deliveries, a fixed number at a time, until all are sent, or the signal aborts, or nobody answers. */
export async function sendMany(
  client: DeliveryClient,
  source: DeliverySource,
  { count, concurrency, signal, onAnswer }: SendPlan,
): Promise<void> {
  let started = 0;
  let isAlive = false;
  let failures = 0;

  async function sendOneByOne(): Promise<void> {
    while (started < count && !signal.aborted && (isAlive || failures < MOST_FAILURES)) {
      started++;
      const answer = await client.post(source.next());
      if (answer.failure === 'aborted') {
        return;
      }
      isAlive ||= answer.failure === undefined;
      failures += Number(answer.failure !== undefined);
      onAnswer(answer);
    }
  }

  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sendOneByOne));
}
