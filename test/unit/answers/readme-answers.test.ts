import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAILURES, OUTCOMES, REFUSALS } from '../../../lib/answers/answers.js';
import type { EnvelopeErrorCode } from '../../../lib/events/envelope.js';
import type {
  DeliveryAbortedErrorCode,
  DeliveryRefusedErrorCode,
  RawBodyErrorCode,
  WebhookVerificationErrorCode,
} from '../../../lib/index.js';

type RefusalCode =
  | Exclude<RawBodyErrorCode, 'unknown_platform'>
  | WebhookVerificationErrorCode
  | DeliveryRefusedErrorCode
  | EnvelopeErrorCode;

/** Their seconds are known only when it happens. */
const WITH_SECONDS: readonly string[] = ['in_progress', 'late', 'retry_later', 'out_of_turn'];

interface Row {
  readonly status: number;
  readonly text?: string;
  readonly retryAfterSeconds?: number;
}

const ROWS = Object.entries<Row>({ ...OUTCOMES, ...FAILURES, ...REFUSALS });

/** As the README writes an answer: the body of a 200, the message of a 401, and whether there is a `Retry-After`. */
const ANSWERS = ROWS.map(([name, { status, text = '', retryAfterSeconds }]) => {
  const body = status === 200 || status === 401 ? ` ${text}` : '';
  const retry = retryAfterSeconds !== undefined || WITH_SECONDS.includes(name) ? ' with Retry-After' : '';
  return `${status}${body}${retry}`;
});

function readmeAnswers(): string[] {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('## Answers')).split('\n\n')[1] ?? '';
  return table
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const cell = line.split('|')[2] ?? '';
      return Array.from(cell.matchAll(/`(\d{3}[^`]*)`([^`/;]*`Retry-After`)?/g), ([, answer, retry]) =>
        retry ? `${answer} with Retry-After` : `${answer}`,
      );
    });
}

describe('the table "Answers" of the README', () => {
  it('has every answer that the module gives', () => {
    expect(readmeAnswers()).toEqual(expect.arrayContaining([...new Set(ANSWERS)]));
  });

  it('has no answer that the module never gives', () => {
    expect(ANSWERS).toEqual(expect.arrayContaining([...new Set(readmeAnswers())]));
  });
});

describe('the answers', () => {
  it('have a row for every reason to refuse a delivery', () => {
    const codes: Record<RefusalCode | 'secret_unavailable', Row> = REFUSALS;
    expect(Object.keys(codes).length).toBeGreaterThan(10);
  });

  it('have a row for every way in which a delivery is aborted, but a handler that is too slow has failed', () => {
    const codes: Record<Exclude<DeliveryAbortedErrorCode, 'handler_timeout'>, Row> = FAILURES;
    expect(codes).not.toHaveProperty('handler_timeout');
  });

  it('never tell the sender why a signature does not hold', () => {
    const unauthorized = ROWS.filter(([, { status }]) => status === 401);
    expect(new Set(unauthorized.map(([, { text }]) => text))).toEqual(new Set(['Invalid signature']));
  });
});
