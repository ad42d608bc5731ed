import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import { describeAnswer, isAccepted } from '../http/answers.js';
import type { Answer, Postable } from '../http/delivery-client.js';
import {
  type Check,
  failed,
  fatal,
  type Finding,
  GUARD_REMEDY,
  isGuardAnswer,
  isLogin,
  passed,
  skipped,
} from './check.js';
import type { Examination } from './examination.js';

const VERIFY = 'Verify the signature before anything else, and answer 401 to whatever fails.';
const NOT_VERIFIED = 'It is not verified.';
const REPLAYS = 'The time of signing is not checked, so a captured delivery can be sent again at any time.';

export const UNSIGNED_CHECKS: readonly Check[] = [
  {
    name: 'unsigned',
    title: 'unsigned → 401',
    async run(examination) {
      const answer = await examination.askUnsigned();
      return (await guardBefore(answer, examination)) ?? mustRefuse(answer, 'Anyone can send events.');
    },
  },
  {
    name: 'verifies_first',
    title: 'unsigned and malformed → 401',
    async run(examination) {
      if (await guardBefore(await examination.askUnsigned(), examination)) {
        return skipped('a guard answers');
      }
      const headers = { 'content-type': 'application/json' };
      const answer = await examination.post({ headers, rawBody: Buffer.from('{"id":') });
      return answer.status === 400
        ? failed(
            describeAnswer(answer),
            'The body is parsed before the signature is verified: strangers reach your parser, and a body that was ' +
              'parsed can no longer be verified. Take the raw bytes (express.raw(), or this library as it is).',
          )
        : mustRefuse(answer, NOT_VERIFIED);
    },
  },
];

export const SIGNED_CHECKS: readonly Check[] = [
  refusal(['forged', 'signed with another secret → 401'], NOT_VERIFIED, ({ scheme }, event) =>
    signedDelivery.forged(event, { scheme }),
  ),
  refusal(
    ['tampered', 'changed after signing → 401', 'acceptance'],
    'The signature does not cover the body.',
    ({ secret, scheme }, event) => signedDelivery.tampered(event, { secret, scheme }),
  ),
  refusal(['stale', 'signed an hour ago → 401', 'timestamp'], REPLAYS, ({ secret, scheme }, event) =>
    signedDelivery.expired(event, { secret, scheme }),
  ),
  refusal(['future', 'signed an hour ahead → 401', 'timestamp'], REPLAYS, ({ secret, scheme }, event) =>
    signedDelivery.fromTheFuture(event, { secret, scheme }),
  ),
  {
    name: 'raw_bytes',
    title: 'unusual but right JSON → 200',
    needs: 'acceptance',
    async run(examination) {
      const json = JSON.stringify(examination.event({ spaced: 1 }), null, 3);
      const body = `${json.replace('"spaced": 1', '"spaced" : 1.0, "e": "\\u00e9"')}\n`;
      const answer = await examination.post(examination.sign(body));
      return isAccepted(answer)
        ? passed(describeAnswer(answer))
        : failed(
            describeAnswer(answer),
            'The signature is compared with JSON that was parsed and written anew, not with the bytes that came: any ' +
              'difference in spaces, escapes or numbers refuses a genuine delivery. Verify the raw body.',
          );
    },
  },
];

/** Finds a guard in front of the webhook: it refuses genuine deliveries, too. Without a secret, a guard is assumed. */
async function guardBefore(answer: Answer, examination: Examination): Promise<Finding | undefined> {
  const detail = `${describeAnswer(answer)}, which is not "401 Invalid signature"`;
  if (isLogin(answer)) {
    return fatal(detail, GUARD_REMEDY);
  }
  if (!isGuardAnswer(answer)) {
    return undefined;
  }
  const genuine = await examination.askGenuine();
  if (!genuine) {
    return fatal(
      detail,
      `${GUARD_REMEDY} If it is the webhook that answers so, give the secret to have it examined.`,
    );
  }
  return isGuardAnswer(genuine) ? failed(detail, GUARD_REMEDY) : undefined;
}

function refusal(
  [name, title, needs]: readonly [name: string, title: string, needs?: NonNullable<Check['needs']>],
  danger: string,
  make: (examination: Examination, event: object) => Postable,
): Check {
  return {
    name,
    title,
    ...(needs && { needs }),
    run: async (examination) =>
      mustRefuse(await examination.post(make(examination, examination.event())), danger),
  };
}

function mustRefuse(answer: Answer, danger: string): Finding {
  const { status } = answer;
  if (status === 401) {
    return passed('401');
  }
  const detail = describeAnswer(answer);
  if (isAccepted(answer)) {
    return failed(detail, `${danger} ${VERIFY}`);
  }
  const hint =
    'Look at its log. If the verification fails on such headers, note that a missing or short signature must be 401, too.';
  const remedy = status === 403 ? GUARD_REMEDY : status >= 500 ? hint : VERIFY;
  return failed(detail, `It is refused, but not as unauthenticated. ${remedy}`);
}
