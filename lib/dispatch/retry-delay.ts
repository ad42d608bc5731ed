import type { HandlerBackoff } from '../handlers/event-handler.js';

/** A day: 2^n milliseconds soon are more than a timer, or a person, can wait. */
const LONGEST_DELAY_MS = 86_400_000;

/** How long to wait after that many attempts, in milliseconds. */
export function retryDelayMs({ type, delayMs }: HandlerBackoff, attemptsMade: number): number {
  if (type === 'fixed') {
    return delayMs;
  }
  const longest = Math.min(delayMs * 2 ** (attemptsMade - 1), LONGEST_DELAY_MS);
  return Math.round(longest * (1 - Math.random() / 2));
}
