import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import type { Answer, Failure } from '../http/delivery-client.js';
import { hasStatus, isKnownAlready, isTakenAnew } from '../http/answers.js';
import { type Check, failed, passed, skipped } from './check.js';
import { describeAnswer } from '../http/describe-answer.js';

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
      const taken = answers.filter(isTakenAnew).length;
      const isTold = (answer: Answer | Failure) => hasStatus(answer, 409) || isKnownAlready(answer);
      if (taken > 1) {
        return failed(`${taken} were taken: ${seen}`, `Up to ${taken} runs of one event. ${KEEP_IDS}`);
      }
      if (taken === 0 || !answers.every((answer) => isTakenAnew(answer) || isTold(answer))) {
        return failed(seen, 'One must be answered 200 OK, and the others 409 or "Already processed".');
      }
      const afterwards = await examination.post(signedDelivery.duplicateOf(delivery));
      return isKnownAlready(afterwards)
        ? passed(seen)
        : failed(`${seen}; once more: ${describeAnswer(afterwards)}`, KEEP_IDS);
    },
  },
];

function countAnswers(answers: readonly (Answer | Failure)[]): string {
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
