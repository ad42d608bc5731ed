import type { Answer, Failure } from '../http/delivery-client.js';
import { isAccepted } from '../http/answers.js';
import { type Check, failed, type Finding, passed, warned } from './check.js';
import { describeAnswer } from '../http/describe-answer.js';
import { GUARD_REMEDY, isGuardAnswer } from './in-front.js';

const REMEDIES: Readonly<Record<number, string>> = {
  400: 'It does not take the event. If it accepts one environment only (environmentId), name that: --environment-id.',
  401: "The secret is another one than the endpoint's, or it wants another scheme (--scheme), or something changes body or headers on the way.",
  413: 'Its body limit is smaller than an ordinary event.',
  415: 'It does not take application/json.',
};

export const ACCEPTANCE_CHECKS: readonly Check[] = [
  {
    name: 'good',
    title: 'genuine → 200',
    needs: 'secret',
    async run(examination) {
      const answer = await examination.askGenuine();
      const { dialect } = examination;
      if (!answer || !dialect) {
        return refused(answer);
      }
      const detail = `${describeAnswer(answer)}, scheme ${dialect.scheme}`;
      return dialect.scheme === 'standard' || examination.options.scheme
        ? passed(detail)
        : warned(detail, 'It refuses the scheme standard, the one that the SDK of Scalekit verifies.');
    },
  },
  {
    name: 'schemes',
    title: 'which schemes it accepts',
    needs: 'acceptance',
    async run(examination) {
      const accepted = new Set([examination.scheme]);
      for (const dialect of examination.dialects.filter(({ scheme }) => !accepted.has(scheme))) {
        if (isAccepted(await examination.deliver(dialect))) {
          accepted.add(dialect.scheme);
        }
      }
      const names = [...accepted].join(', ');
      return passed(accepted.has('digest') ? `${names} (digest signs no time: replays are possible)` : names);
    },
  },
];

function refused(answer: Answer | Failure | undefined): Finding {
  if (!answer) {
    return failed('not sent', 'No scheme is left to try.');
  }
  if (isGuardAnswer(answer)) {
    const remedy = `${GUARD_REMEDY} Or the webhook itself answers so, and the secret is not the one of the endpoint.`;
    return { ...failed(describeAnswer(answer), remedy), endsExamination: true };
  }
  const remedy = 'status' in answer ? REMEDIES[answer.status] : undefined;
  return failed(
    describeAnswer(answer),
    remedy ?? 'Look at its log: a genuine delivery must be answered 200.',
  );
}
