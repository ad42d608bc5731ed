import type { Answer } from './delivery-client.js';

/** True for a web page. A webhook answers with text or JSON. */
export function isHtml({ body }: Pick<Answer, 'body'>): boolean {
  return /^\s*</.test(body);
}

/** True for any 2xx: senders treat all of them the same. */
export function isAccepted({ status }: Pick<Answer, 'status'>): boolean {
  return status >= 200 && status < 300;
}

/** True if the answer says that an earlier delivery was processed or queued. */
export function isKnownAlready(answer: Answer): boolean {
  return isAccepted(answer) && /^"?already (?:processed|accepted)/i.test(answer.body.trim());
}

const LONGEST = 60;

/** Describes an answer on one line, without control characters: it comes from outside and goes to a terminal. */
export function describeAnswer(answer: Pick<Answer, 'status' | 'body' | 'failure'>): string {
  if (answer.failure !== undefined) {
    return explainFailure(answer.failure);
  }
  const { status, body } = answer;
  const text = isHtml(answer) ? '(an HTML page)' : onOneLine(messageIn(body) ?? body, LONGEST);
  return `${status} ${text}`.trimEnd();
}

/** Puts text from outside on one line: each run of invisible characters becomes a space, and the end is cut off. */
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

/** What Node's error codes mean to a user. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens there: is the app running, and on this port?'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the name of the host is not known'],
  [/^(ETIMEDOUT|timeout|EHOSTUNREACH|ENETUNREACH)$/, 'no answer came in time'],
  [/^(ECONNRESET|EPIPE)$/, 'the connection was cut before an answer came'],
  [/^(EPROTO|ERR_SSL_.*)$/, 'TLS failed: is it an http: endpoint?'],
  [/^HPE_/, 'what answers does not speak HTTP: is it an https: endpoint?'],
  [/^(CERT_.*|.*CERT.*|.*_CERTIFICATE.*|ERR_TLS_.*|UNABLE_TO_.*)$/, 'the certificate is not trusted'],
];

export function explainFailure(code: string): string {
  const explanation = EXPLANATIONS.find(([pattern]) => pattern.test(code))?.[1];
  return explanation === undefined ? code : `${code}: ${explanation}`;
}

export function isTlsFailure(code: string): boolean {
  return /CERT|ERR_TLS_|UNABLE_TO_/.test(code);
}
