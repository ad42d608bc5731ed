import type { IncomingMessage } from 'node:http';
import { RawBodyError } from './raw-body.error.js';
import { hasContentEncoding, type RawBodyResult } from './read-raw-body.js';

const RESULT = Symbol.for('nestjs-scalekit-webhooks:raw-body');

/** What this module looks at in a request, on every platform. */
export interface RequestWithBody {
  readonly headers: IncomingMessage['headers'];
  readonly rawBody?: unknown;
  body?: unknown;
  [RESULT]?: RawBodyResult;
}

/** Leaves what the platform's reader got for the signature guard. */
export function keepRawBody(request: object, result: RawBodyResult): void {
  (request as RequestWithBody)[RESULT] = result;
}

/**
 * The exact bytes of the body: as this module read them or, where a platform had read the body before it,
 * from `request.rawBody` or a Buffer or string in `request.body`.
 *
 * @throws RawBodyError
 */
export function takeRawBody(request: RequestWithBody, maxBodyBytes: number): Uint8Array {
  const result = request[RESULT] ?? bodyReadBefore(request);
  if (result instanceof RawBodyError) {
    throw result;
  }
  if (result.length > maxBodyBytes) {
    throw RawBodyError.tooLarge(maxBodyBytes);
  }
  return result;
}

/** Of a body that the platform had read before this module could. */
export function bodyReadBefore(request: RequestWithBody): RawBodyResult {
  if (hasContentEncoding(request.headers)) {
    return RawBodyError.contentEncoding();
  }
  for (const body of [request.rawBody, request.body]) {
    if (body instanceof Uint8Array) {
      return body;
    }
    if (typeof body === 'string') {
      return Buffer.from(body);
    }
  }
  return RawBodyError.lost();
}
