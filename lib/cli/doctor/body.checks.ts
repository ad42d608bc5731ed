import { describeAnswer, hasStatus, isAccepted } from '../http/answers.js';
import { type Check, type CheckName, failed, passed, warned } from './check.js';

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
      if (hasStatus(answer, 413)) {
        return passed('413');
      }
      const detail = `${body.length} bytes: ${describeAnswer(answer)}`;
      if ('failure' in answer) {
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

function mustBe400(name: CheckName, title: string, body: string): Check {
  return {
    name,
    title,
    needs: 'acceptance',
    async run(examination) {
      const answer = await examination.post(examination.sign(body));
      if (hasStatus(answer, 400)) {
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
