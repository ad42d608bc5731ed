import { describeAnswer, isAccepted, isHtml } from '../http/answers.js';
import type { Answer } from '../http/delivery-client.js';
import type { Examination } from './examination.js';

export type CheckStatus = 'passed' | 'warned' | 'failed' | 'skipped';

export interface Finding {
  readonly status: CheckStatus;
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** Skips the remaining checks. */
  readonly endsExamination?: boolean;
  /** No answer came at all. */
  readonly isUnreachable?: boolean;
}

export interface Check {
  /** Its name in `--json`. */
  readonly name: string;
  /** What must hold. */
  readonly title: string;
  /** What the check can't do without. It is skipped if this is missing. */
  readonly needs?: 'secret' | 'acceptance' | 'timestamp';
  run(examination: Examination): Promise<Finding> | Finding;
}

export interface CheckResult extends Finding {
  readonly name: string;
  readonly title: string;
}

export const passed = (detail: string): Finding => ({ status: 'passed', detail });
export const warned = (detail: string, remedy: string): Finding => ({ status: 'warned', detail, remedy });
export const failed = (detail: string, remedy: string): Finding => ({ status: 'failed', detail, remedy });
export const skipped = (detail: string): Finding => ({ status: 'skipped', detail });
/** A failure that makes all later checks meaningless. */
export const fatal = (detail: string, remedy: string): Finding => ({
  ...failed(detail, remedy),
  endsExamination: true,
});

export const GUARD_REMEDY =
  'Something in front of the webhook answers: a global guard, CSRF protection, a login or a firewall. Exempt the route ' +
  'from the guard, in this library with controllerDecorators: [Public()], where Public is the decorator that your guard ' +
  'looks for.';

const THROTTLE_REMEDY =
  'A rate limit answers (a throttler guard or a proxy), so bursts of events would be refused. Exempt the route, in this ' +
  'library with controllerDecorators: [SkipThrottle()]. The remaining checks are not run.';

export const throttled = (answer: Answer): Finding => fatal(describeAnswer(answer), THROTTLE_REMEDY);

const LOGIN_PATH = /log-?in|sign-?in|auth|sso|session/i;

/** True for an answer that guards give, and that this library gives to no signature: 403, or 401 with another text. */
export function isGuardAnswer({ status, body }: Answer): boolean {
  return status === 403 || (status === 401 && !/signature/i.test(body));
}

export function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400;
}

/** True for a redirect to a login, or a web page instead of the answer of a webhook. */
export function isLogin(answer: Answer): boolean {
  return isRedirect(answer)
    ? LOGIN_PATH.test(answer.headers.location ?? '')
    : isAccepted(answer) && isHtml(answer);
}
