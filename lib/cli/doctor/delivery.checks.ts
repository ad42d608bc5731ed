import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import { describeAnswer, isAccepted, isKnownAlready } from '../http/answers.js';
import type { Answer } from '../http/delivery-client.js';
import {
  type Check,
  failed,
  fatal,
  type Finding,
  GUARD_REMEDY,
  isGuardAnswer,
  passed,
  skipped,
  warned,
} from './check.js';

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
      const { form } = examination;
      if (!answer || !form) {
        return refused(answer);
      }
      const detail = `${describeAnswer(answer)}, scheme ${form.scheme}`;
      return form.scheme === 'standard' || examination.options.scheme
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
      for (const form of examination.forms.filter(({ scheme }) => !accepted.has(scheme))) {
        if (isAccepted(await examination.deliver(form))) {
          accepted.add(form.scheme);
        }
      }
      const names = [...accepted].join(', ');
      return passed(accepted.has('digest') ? `${names} (digest signs no time: replays are possible)` : names);
    },
  },
];

function refused(answer: Answer | undefined): Finding {
  if (!answer) {
    return failed('not sent', 'No scheme is left to try.');
  }
  if (isGuardAnswer(answer)) {
    const remedy = `${GUARD_REMEDY} Or the webhook itself answers so, and the secret is not the one of the endpoint.`;
    return fatal(describeAnswer(answer), remedy);
  }
  return failed(
    describeAnswer(answer),
    REMEDIES[answer.status] ?? 'Look at its log: a genuine delivery must be answered 200.',
  );
}

export const AT_ONCE = 20;

const KEEP_IDS =
  'Either the event was worked on twice, or nobody is told that it was not. Claim the id of the event in a store that ' +
  'all processes share, before the work, and answer "Already processed" afterwards.';

export const IDEMPOTENCY_CHECKS: readonly Check[] = [
  {
    name: 'duplicate',
    title: 'the same event again → 200 Already processed',
    needs: 'acceptance',
    async run(examination) {
      if (!examination.accepted) {
        return skipped('nothing was accepted before');
      }
      const answer = await examination.post(signedDelivery.duplicateOf(examination.accepted));
      examination.answerTimes.push(answer.ms);
      return isKnownAlready(answer)
        ? passed(describeAnswer(answer))
        : failed(describeAnswer(answer), KEEP_IDS);
    },
  },
  {
    name: 'at_once',
    title: `the same event ${AT_ONCE} times at once → one run`,
    needs: 'acceptance',
    async run(examination) {
      const delivery = examination.sign(examination.event());
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => examination.post(delivery)));
      const seen = countAnswers(answers);
      const taken = answers.filter((answer) => isAccepted(answer) && !isKnownAlready(answer)).length;
      if (taken > 1) {
        return failed(`${taken} were taken: ${seen}`, `Up to ${taken} runs of one event. ${KEEP_IDS}`);
      }
      if (taken === 0 || !answers.every((answer) => isAccepted(answer) || answer.status === 409)) {
        return failed(seen, 'One must be answered 200 OK, and the others 409 or "Already processed".');
      }
      const afterwards = await examination.post(signedDelivery.duplicateOf(delivery));
      return isKnownAlready(afterwards)
        ? passed(seen)
        : failed(`${seen}; once more: ${describeAnswer(afterwards)}`, KEEP_IDS);
    },
  },
];

function countAnswers(answers: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const text = describeAnswer(answer);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([text, count]) => `${count} × ${text}`)
    .join(', ');
}

export const BODY_CHECKS: readonly Check[] = [
  mustBe400('malformed', 'signed, but no JSON → 400', '{"id": "evt_doctor", "type": '),
  mustBe400('no_event', 'signed JSON, but no event → 400', '{"hello":"doctor"}'),
  {
    name: 'too_large',
    title: 'too large → 413',
    needs: 'acceptance',
    async run(examination) {
      const { maxBodyBytes } = examination.options;
      const rest = maxBodyBytes + 1 - JSON.stringify(examination.event({ padding: '' })).length;
      const body = JSON.stringify(examination.event({ padding: 'x'.repeat(Math.max(rest, 1)) }));
      const answer = await examination.post(examination.sign(body));
      if (answer.status === 413) {
        return passed('413');
      }
      const detail = `${body.length} bytes: ${describeAnswer(answer)}`;
      if (answer.failure !== undefined) {
        return warned(detail, 'It stops reading, but the sender does not learn why: answer 413.');
      }
      return failed(
        detail,
        isAccepted(answer)
          ? 'It reads bodies of any size, or its limit is higher (say so: --max-body-bytes): memory can be filled from outside.'
          : 'Answer 413 to bodies above the limit, before they are read.',
      );
    },
  },
];

function mustBe400(name: string, title: string, body: string): Check {
  return {
    name,
    title,
    needs: 'acceptance',
    async run(examination) {
      const answer = await examination.post(examination.sign(body));
      if (answer.status === 400) {
        return passed('400');
      }
      return failed(
        describeAnswer(answer),
        isAccepted(answer)
          ? 'It answers 200 before it has looked at the event, or ignores what goes wrong after: what fails then is ' +
              'lost, since nobody sends it again. Answer when the work is done or safely queued.'
          : 'Answer 400 with what is wrong: the sender can do nothing about it, and your log should say it.',
      );
    },
  };
}

/** https://docs.scalekit.com: how long senders wait for an answer. */
export const SENDER_TIMEOUT_MS = 10_000;

export const ANSWER_TIME_CHECK: Check = {
  name: 'answer_time',
  title: 'answers in time',
  needs: 'acceptance',
  run({ answerTimes, options: { answerWithinMs } }) {
    const slowest = Math.max(...answerTimes);
    const detail = `slowest of ${answerTimes.length}: ${Math.round(slowest)} ms`;
    return slowest <= answerWithinMs
      ? passed(detail)
      : failed(
          `${detail}, more than ${answerWithinMs} ms`,
          `For an event that means nothing. The sender gives up after ${SENDER_TIMEOUT_MS / 1000} s and sends it again: ` +
            'look for slow guards, middleware and stores, and put slow work on a queue.',
        );
  },
};
