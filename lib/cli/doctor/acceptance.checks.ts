import type { Answer, Failure } from '../http/delivery-client.js';
import { isAccepted } from '../http/answers.js';
import { type Check, failed, type Finding, passed, warned } from './check.js';
import { describeAnswer } from '../http/describe-answer.js';
import type { Dialect } from './dialects.js';
import type { Examination } from './examination.js';

const REMEDIES: Readonly<Record<number, string>> = {
  400: 'It does not take the event. If it accepts one environment only (environmentId), name that: --environment-id.',
  401: "The secret is another one than the endpoint's, or it wants another scheme (--scheme), or something changes body or headers on the way.",
  403: 'Something before the webhook answers (a global guard, CSRF protection, a firewall): exempt the route.',
  413: 'Its body limit is smaller than an ordinary event.',
  415: 'It does not take application/json.',
  429: 'A rate limit answers: exempt the route.',
};

export const ACCEPTANCE_CHECKS: readonly Check[] = [
  {
    name: 'good',
    title: 'genuine → 200',
    needs: 'secret',
    async run(examination) {
      let first: Answer | Failure | undefined;
      for (const dialect of examination.dialects) {
        const answer = await deliver(examination, dialect);
        first ??= answer;
        if (isAccepted(answer)) {
          examination.dialect = dialect;
          const detail = `${describeAnswer(answer)}, scheme ${dialect.scheme}`;
          return dialect.scheme === 'standard' || examination.options.scheme
            ? passed(detail)
            : warned(detail, 'It refuses the scheme standard, the one that the SDK of Scalekit verifies.');
        }
        if ('failure' in answer) {
          break;
        }
      }
      return refused(first);
    },
  },
  {
    name: 'schemes',
    title: 'which schemes it accepts',
    needs: 'acceptance',
    async run(examination) {
      const accepted = new Set([examination.scheme]);
      for (const dialect of examination.dialects.filter(({ scheme }) => !accepted.has(scheme))) {
        if (isAccepted(await deliver(examination, dialect))) {
          accepted.add(dialect.scheme);
        }
      }
      const names = [...accepted].join(', ');
      return passed(accepted.has('digest') ? `${names} (digest signs no time: replays are possible)` : names);
    },
  },
];

async function deliver(examination: Examination, dialect: Dialect): Promise<Answer | Failure> {
  const delivery = examination.sign(examination.event(), dialect.scheme);
  const answer = await examination.post(delivery, dialect);
  if (isAccepted(answer)) {
    examination.answerTimes.push(answer.ms);
    examination.accepted ??= delivery;
  }
  return answer;
}

function refused(answer: Answer | Failure | undefined): Finding {
  if (!answer) {
    return failed('not sent', 'No scheme is left to try.');
  }
  const remedy = 'status' in answer ? REMEDIES[answer.status] : undefined;
  return failed(
    describeAnswer(answer),
    remedy ?? 'Look at its log: a genuine delivery must be answered 200.',
  );
}
