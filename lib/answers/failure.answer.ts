import { type HttpException, HttpStatus } from '@nestjs/common';
import { hasErrorCode, retrySecondsOf } from '../scalekit-webhook.errors.js';
import { type AnswerableResponse, tryAgain } from './answers.js';

const SERVER_RETRY_SECONDS = 10;
const SHUTDOWN_RETRY_SECONDS = 5;
const TAKEOVER_RETRY_SECONDS = 60;

/**
 * The answer to what kept an event from being finished, where there is a better one than 500: those with a
 * `Retry-After`. If a handler named a time, the latest of these times counts.
 */
export function answerFailure(
  errors: readonly unknown[],
  response: AnswerableResponse,
): HttpException | undefined {
  const has = (code: string) => errors.find((error) => hasErrorCode(error, code));
  const seconds = errors.flatMap((error) => retrySecondsOf(error) ?? []);
  if (seconds.length > 0) {
    return unavailable(
      response,
      Math.max(...seconds),
      'The event has to be retried later',
      has('retry_later'),
    );
  }
  const serverAway = has('store_unavailable') ?? has('queue_unavailable');
  if (serverAway) {
    return unavailable(response, SERVER_RETRY_SECONDS, 'Service Unavailable', serverAway);
  }
  if (has('shutting_down')) {
    return unavailable(response, SHUTDOWN_RETRY_SECONDS, 'Service Unavailable');
  }
  if (has('lease_lost')) {
    const message = 'The event is being processed';
    return tryAgain(response, HttpStatus.CONFLICT, TAKEOVER_RETRY_SECONDS, message);
  }
  return undefined;
}

function unavailable(
  response: AnswerableResponse,
  seconds: number,
  message: string,
  cause?: unknown,
): HttpException {
  return tryAgain(response, HttpStatus.SERVICE_UNAVAILABLE, seconds, message, cause);
}
