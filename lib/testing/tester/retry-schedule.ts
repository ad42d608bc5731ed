import type { DeliveryResult } from './delivery-result.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** https://docs.svix.com/retries: how long the sender waits after each attempt, in seconds. */
const WAITS = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR] as const;
const LAST_WAIT = 10 * HOUR;

/** The first attempt and one after each wait. */
export const SENDER_ATTEMPTS = WAITS.length + 1;
export const SENDER_TIMEOUT_MS = 15_000;

/** The least wait if the receiver seems overloaded, in seconds. */
const OVERLOAD_WAIT = 60;
const MOST_RETRY_AFTER_FACTOR = 2;
const JITTER = 0.2;

const NO_ANSWER: DeliveryResult = { status: 0, body: '', headers: {}, handlers: {} };

/**
 * How long the sender waits after the given number of attempts, in seconds.
 *
 * @param jitter from 0 (20 % less) to 1 (20 % more)
 */
export function waitAfter(attempts: number, { status, headers }: DeliveryResult, jitter: number): number {
  const scheduled = WAITS[attempts - 1] ?? LAST_WAIT;
  const least = status === 0 || status === 429 ? Math.max(scheduled, OVERLOAD_WAIT) : scheduled;
  const asked = retryAfterSeconds(headers['retry-after']);
  const held = Math.min(Math.max(asked, least), MOST_RETRY_AFTER_FACTOR * least);
  return held * (1 + JITTER * (2 * jitter - 1));
}

/** 0 if the header is missing or invalid. */
function retryAfterSeconds(header = ''): number {
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(seconds, 0) : 0;
}

/** The result of an attempt. After `ms` it hangs up as a sender does, and the result has the status 0. */
export async function answerWithin(
  ms: number,
  attempt: (signal: AbortSignal) => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  const hangUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<DeliveryResult>((resolve) => {
    timer = setTimeout(() => {
      resolve(NO_ANSWER);
      hangUp.abort();
    }, ms);
  });
  try {
    return await Promise.race([attempt(hangUp.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
