import { type HttpException, HttpStatus } from '@nestjs/common';
import { httpError } from '../answers/answers.js';
import type { RawBodyError } from './raw-body.error.js';

/** How a delivery is answered whose bytes can't be had. */
export function unreadableBody(error: RawBodyError): HttpException {
  switch (error.code) {
    case 'body_too_large':
      return httpError(HttpStatus.PAYLOAD_TOO_LARGE, error.message, error);
    case 'content_encoding':
      return httpError(HttpStatus.UNSUPPORTED_MEDIA_TYPE, error.message, error);
    default:
      return httpError(HttpStatus.INTERNAL_SERVER_ERROR, 'Internal Server Error', error);
  }
}
