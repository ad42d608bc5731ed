import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import type { Answer, Failure, Postable } from '../http/delivery-client.js';
import { describeAnswer, hasStatus, isAccepted } from '../http/answers.js';
import { type Check, type CheckName, failed, type Finding, passed, skipped } from './check.js';
import { GUARD_REMEDY, isGuardAnswer, isLogin } from './guards.js';
import type { Examination } from './examination.js';

const VERIFY = 'Verify the signature before anything else, and answer 401 to whatever fails.';

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
      return hasStatus(answer, 400)
        ? failed(
            describeAnswer(answer),
            'The body is parsed before the signature is verified: strangers reach your parser, and a body that was ' +
              'parsed can no longer be verified. Take the raw bytes (express.raw(), or this library as it is).',
          )
        : mustRefuse(answer, 'It is not verified.');
    },
  },
];

export const SIGNED_CHECKS: readonly Check[] = [
  {
    name: 'forged',
    title: 'signed with another secret → 401',
    async run(examination) {
      const { scheme } = examination;
      return mustRefuse(
        await examination.post(signedDelivery.forged(examination.event(), { scheme })),
        'It is not verified.',
      );
    },
  },
  refusal(
    'tampered',
    'changed after signing → 401',
    'acceptance',
    'The signature does not cover the body.',
    (examination) => signedDelivery.tampered(examination.event(), signing(examination)),
  ),
  refusal('stale', 'signed an hour ago → 401', 'timestamp', REPLAY(), (examination) =>
    signedDelivery.expired(examination.event(), signing(examination)),
  ),
  refusal('future', 'signed an hour ahead → 401', 'timestamp', REPLAY(), (examination) =>
    signedDelivery.fromTheFuture(examination.event(), signing(examination)),
  ),
  {
    name: 'raw_bytes',
    title: 'unusual but right JSON → 200',
    needs: 'acceptance',
    async run(examination) {
      const body = `${JSON.stringify(examination.event({ spaced: 1 }), null, 3).replace('"spaced": 1', '"spaced" : 1.0, "e": "\\u00e9"')}\n`;
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
async function guardBefore(answer: Answer | Failure, examination: Examination): Promise<Finding | undefined> {
  const detail = `${describeAnswer(answer)}, which is not "401 Invalid signature"`;
  if (isLogin(answer)) {
    return { ...failed(detail, GUARD_REMEDY), endsExamination: true };
  }
  if (!isGuardAnswer(answer)) {
    return undefined;
  }
  const genuine = await examination.askGenuine();
  if (!genuine) {
    const otherwise = 'If it is the webhook that answers so, give the secret to have it examined.';
    return { ...failed(detail, `${GUARD_REMEDY} ${otherwise}`), endsExamination: true };
  }
  return isGuardAnswer(genuine) ? failed(detail, GUARD_REMEDY) : undefined;
}

function refusal(
  name: CheckName,
  title: string,
  needs: NonNullable<Check['needs']>,
  danger: string,
  make: (examination: Examination) => Postable,
): Check {
  return {
    name,
    title,
    needs,
    run: async (examination) => mustRefuse(await examination.post(make(examination)), danger),
  };
}

function REPLAY(): string {
  return 'The time of signing is not checked, so a captured delivery can be sent again at any time.';
}

function signing({ secret, scheme }: Examination): { secret: string; scheme: Examination['scheme'] } {
  return { secret, scheme };
}

function mustRefuse(answer: Answer | Failure, danger: string): Finding {
  if (hasStatus(answer, 401)) {
    return passed('401');
  }
  const detail = describeAnswer(answer);
  if (isAccepted(answer)) {
    return failed(detail, `${danger} ${VERIFY}`);
  }
  return failed(detail, `It is refused, but not as unauthenticated. ${explain(answer)}`);
}

function explain(answer: Answer | Failure): string {
  const status = 'status' in answer ? answer.status : 0;
  if (status === 403) {
    return GUARD_REMEDY;
  }
  return status >= 500
    ? 'The verification itself fails on such headers: a missing or short signature must be 401, too.'
    : VERIFY;
}
