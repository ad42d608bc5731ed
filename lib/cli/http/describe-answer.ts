import type { Answer, Failure } from './delivery-client.js';
import { explainFailure } from './explain-failure.js';

const LONGEST = 60;

/** On one line, without control characters: it comes from a stranger and goes to a terminal. */
export function describeAnswer(answer: Answer | Failure): string {
  if ('failure' in answer) {
    return explainFailure(answer.failure);
  }
  const text = textOf(answer);
  return text === '' ? String(answer.status) : `${answer.status} ${text}`;
}

/** The message of an error in JSON, the body of all else. */
function textOf({ body }: Answer): string {
  if (/^\s*</.test(body)) {
    return '(an HTML page)';
  }
  const text = messageIn(body) ?? body;
  const line = text.replace(/[\p{Control}\p{Format}\s]+/gu, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function messageIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
