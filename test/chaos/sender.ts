import { setTimeout as wait } from 'node:timers/promises';
import { signWebhook } from '../../lib/index.js';

export interface Sent {
  /** How many answers of each status; 0 for a connection that was refused or cut. */
  readonly answers: ReadonlyMap<number, number>;
}

interface Storm {
  readonly secret: string;
  readonly events: readonly object[];
  /** How often each event is delivered. */
  readonly copies: number;
  /** The deliveries start at random moments within this time. */
  readonly withinMs: number;
  readonly url: () => string;
  /** Until when deliveries are tried, in milliseconds from now. */
  readonly patienceMs: number;
}

/** Delivers as the sender does: again and again until the answer is 2xx, but without its long pauses. */
export async function send({ secret, events, copies, withinMs, url, patienceMs }: Storm): Promise<Sent> {
  const answers = new Map<number, number>();
  const deadline = Date.now() + patienceMs;

  const deliver = async (event: object) => {
    await wait(Math.random() * withinMs);
    const body = JSON.stringify(event);
    while (Date.now() < deadline) {
      const status = await post(url(), body, signWebhook({ body, secret, scheme: 'standard' }));
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (status >= 200 && status < 300) {
        return;
      }
      await wait(100 + Math.random() * 400);
    }
    throw new Error(`A delivery was not answered 2xx within ${patienceMs} ms: ${body}`);
  };
  await Promise.all(events.flatMap((event) => Array.from({ length: copies }, () => deliver(event))));
  return { answers };
}

async function post(url: string, body: string, headers: object): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(15_000),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
