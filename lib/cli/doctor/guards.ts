import { describeAnswer, isAccepted, isHtml } from '../http/answers.js';
import type { Answer, Failure } from '../http/delivery-client.js';
import { failed, type Finding } from './check.js';

const EXEMPT_FROM_GUARD =
  'Exempt the route from the guard, in this library with controllerDecorators: [Public()], where Public is the ' +
  'decorator that your guard looks for.';

export const GUARD_REMEDY = `Something in front of the webhook answers: a global guard, CSRF protection, a login or a firewall. ${EXEMPT_FROM_GUARD}`;

const THROTTLE_REMEDY =
  'A rate limit answers (a throttler guard or a proxy), so bursts of events would be refused. Exempt the route, in this ' +
  'library with controllerDecorators: [SkipThrottle()]. The checks that are left are not run.';

const LOGIN_PATH = /log-?in|sign-?in|auth|sso|session/i;

/** True for an answer that a guard gives, and that this library gives to no signature: 403, or 401 with another text. */
export function isGuardAnswer(answer: Answer | Failure): boolean {
  return (
    'status' in answer &&
    (answer.status === 403 || (answer.status === 401 && !/signature/i.test(answer.body)))
  );
}

/** True for a redirect to a login, or a web page instead of the answer of a webhook. */
export function isLogin(answer: Answer | Failure): boolean {
  if (!('status' in answer)) {
    return false;
  }
  const isRedirect = answer.status >= 300 && answer.status < 400;
  return isRedirect ? LOGIN_PATH.test(answer.headers.location ?? '') : isAccepted(answer) && isHtml(answer);
}

/** A rate limit makes every later answer meaningless, so it ends the examination. */
export function throttled(answer: Answer): Finding {
  return { ...failed(describeAnswer(answer), THROTTLE_REMEDY), endsExamination: true };
}
