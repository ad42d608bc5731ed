import { type HttpException, HttpStatus } from '@nestjs/common';
import { type AnswerableResponse, httpError, tryAgain } from '../answers/answers.js';
import type { RawBodyError } from './raw-body.error.js';

const BUSY_RETRY_SECONDS = 10;

/** Maps the reason why a body can't be read to an answer. */
export function unreadableBody(error: RawBodyError, response: AnswerableResponse): HttpException {
  switch (error.code) {
    case 'body_too_large':
      return httpError(HttpStatus.PAYLOAD_TOO_LARGE, error.message, error);
    case 'body_unreadable':
      return httpError(HttpStatus.BAD_REQUEST, 'The body can not be read', error);
    case 'content_encoding':
      return httpError(HttpStatus.UNSUPPORTED_MEDIA_TYPE, error.message, error);
    case 'too_many_unverified':
      return tryAgain(
        response,
        HttpStatus.SERVICE_UNAVAILABLE,
        BUSY_RETRY_SECONDS,
        'Service Unavailable',
        error,
      );
    default:
      return httpError(HttpStatus.INTERNAL_SERVER_ERROR, 'Internal Server Error', error);
  }
}
