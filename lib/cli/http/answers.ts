import type { Answer, Failure } from './delivery-client.js';

export function hasStatus(answer: Answer | Failure, status: number): boolean {
  return 'status' in answer && answer.status === status;
}

/** A page for people, where a webhook answers with text or JSON. */
export function isHtml({ body }: Answer): boolean {
  return /^\s*</.test(body);
}

/** Any success: to a sender all of them are the same. */
export function isAccepted(answer: Answer | Failure): boolean {
  return 'status' in answer && answer.status >= 200 && answer.status < 300;
}

/** Done, or safely queued, by an earlier delivery. */
export function isKnownAlready(answer: Answer | Failure): boolean {
  return (
    'status' in answer && isAccepted(answer) && /^"?already (?:processed|accepted)/i.test(answer.body.trim())
  );
}

/** Taken, and not said to be known. */
export function isTakenAnew(answer: Answer | Failure): boolean {
  return isAccepted(answer) && !isKnownAlready(answer);
}
