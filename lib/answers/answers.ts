import { STATUS_CODES } from 'node:http';
import { HttpException, type HttpStatus } from '@nestjs/common';

/** The texts of the 200 answers, as the sender's documents show them. */
export const HANDLED = 'OK';
export const ALREADY_PROCESSED = 'Already processed';
/** For an event that is safely queued: it may not be processed yet. */
export const ALREADY_ACCEPTED = 'Already accepted';

/** What Express's response and Fastify's reply have in common. */
export interface AnswerableResponse {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
}

/**
 * An `HttpException` with Nest's own error JSON. The body is spelled out because Nest 11 leaves `error` out of it
 * when a cause is given.
 */
export function httpError(status: HttpStatus, message: string, cause?: unknown): HttpException {
  const body = { statusCode: status, message, error: STATUS_CODES[status] };
  return new HttpException(body, status, cause === undefined ? undefined : { cause });
}

/** The same with a `Retry-After` header, in whole seconds (RFC 9110, 10.2.3). */
export function tryAgain(
  response: AnswerableResponse,
  status: HttpStatus.CONFLICT | HttpStatus.SERVICE_UNAVAILABLE,
  seconds: number,
  message: string,
  cause?: unknown,
): HttpException {
  response.header('Retry-After', String(Math.max(1, Math.ceil(seconds))));
  return httpError(status, message, cause);
}
