import { type Check, failed, passed } from './check.js';

/** https://docs.scalekit.com: senders wait ten seconds. */
export const SENDER_PATIENCE_MS = 10_000;

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
          `For an event that means nothing. The sender gives up after ${SENDER_PATIENCE_MS / 1000} s and sends it again: ` +
            'look for slow guards, middleware and stores, and put slow work on a queue.',
        );
  },
};
