const MINUTE = 60;

/** https://www.mintlify.com/scalekit-inc/developer-docs/api/webhooks/overview: 1, 2, 4, 8, 16, 30 minutes. */
const FIRST_WAITS = [1, 2, 4, 8, 16].map((minutes) => minutes * MINUTE);
const EVERY_OTHER_WAIT = 30 * MINUTE;

/** Of the same page. */
export const SENDER_ATTEMPTS = 10;

/**
 * How long the sender waits after so many attempts in vain, in seconds.
 *
 * @param retryAfter the header of the last answer, which makes the wait longer but never shorter
 */
export function waitAfter(attempts: number, retryAfter: string | undefined): number {
  const scheduled = FIRST_WAITS[attempts - 1] ?? EVERY_OTHER_WAIT;
  const asked = /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0;
  return Math.max(scheduled, asked);
}
