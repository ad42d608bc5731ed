import { isHtml } from './answers.js';
import type { Answer, Failure } from './delivery-client.js';
import { explainFailure } from './explain-failure.js';

const LONGEST = 60;

/** Describes an answer on one line, without control characters: it comes from outside and goes to a terminal. */
export function describeAnswer(answer: Answer | Failure): string {
  if ('failure' in answer) {
    return explainFailure(answer.failure);
  }
  const text = textOf(answer);
  return text === '' ? String(answer.status) : `${answer.status} ${text}`;
}

/** The message of an error in JSON, the body of all else. */
function textOf(answer: Answer): string {
  const { body } = answer;
  if (isHtml(answer)) {
    return '(an HTML page)';
  }
  const text = messageIn(body) ?? body;
  return onOneLine(text, LONGEST);
}

/** Text from outside, with a space for whatever is not seen, and cut to so many characters. */
export function onOneLine(text: string, longest: number): string {
  const line = text.replace(/[\p{C}\p{Default_Ignorable_Code_Point}\s]+/gu, ' ').trim();
  const letters = Array.from(line);
  return letters.length > longest ? `${letters.slice(0, longest).join('')}…` : line;
}

function messageIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
