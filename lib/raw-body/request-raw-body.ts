import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { type AnswerableResponse, answerToRefusal, exceptionFor, noteArrival } from '../answers/answers.js';
import type { ReadingEndpoint } from './raw-body-route.js';
import { RawBodyError } from './raw-body.error.js';
import { BodyReader, hasContentEncoding, type RawBodyResult } from './read-raw-body.js';

const CAPTURED = Symbol.for('nestjs-scalekit-webhooks:captured-body');

interface CapturedBody {
  readonly result: RawBodyResult;
  readonly reader?: BodyReader;
}

/** What this module looks at in a request, on every platform. */
export interface RequestWithBody {
  readonly headers: IncomingMessage['headers'];
  readonly rawBody?: unknown;
  /** Fastify's request and the one of Node below it. */
  readonly raw?: unknown;
  body?: unknown;
  [CAPTURED]?: CapturedBody | undefined;
}

interface Capture {
  /** What Nest will hand to guards. */
  readonly request: RequestWithBody;
  readonly response: AnswerableResponse;
  readonly stream: Readable;
  readonly raw: { readonly request: IncomingMessage; readonly response: ServerResponse };
  readonly endpoint: ReadingEndpoint;
}

/**
 * Reads the body of a request to one of our routes. Leaves the bytes for the guard, and in `request.body` as
 * `express.raw()` does. If there are none, passes the reason to `next`.
 */
export function captureRawBody(
  { request, response, stream, raw, endpoint }: Capture,
  next: (error?: Error) => void,
): void {
  noteArrival(request);
  const onResult = (result: RawBodyResult) => {
    if (result instanceof Uint8Array) {
      keepRawBody(request, result, reader);
      next();
      return;
    }
    const answer = answerToRefusal(result);
    if (answer?.log) {
      endpoint.log.warn(answer.reason, answer.log);
    }
    if (answer) {
      endpoint.lifecycle.received(request);
      endpoint.lifecycle.answered(request, answer);
    }
    next(answer ? exceptionFor(answer, response) : result);
  };
  // A body's events come in the socket's async context: traces and request stores (AsyncLocalStorage) would be lost.
  // `AsyncResource.bind` does the same, but takes ten times as long.
  const context = new AsyncResource('ScalekitRawBody');
  const { maxBodyBytes: maxBytes, unverified } = endpoint;
  const reader = new BodyReader({ stream, request: raw.request, maxBytes, unverified }, (result) => {
    context.runInAsyncScope(onResult, undefined, result);
  });
  // The guard may never run, and the sender may go away.
  raw.response.once('close', () => {
    reader.release();
  });
  reader.start();
}

export function keepRawBody(request: RequestWithBody, result: RawBodyResult, reader?: BodyReader): void {
  request[CAPTURED] = { result, ...(reader && { reader }) };
  if (result instanceof Uint8Array) {
    request.body = result;
  }
}

/** Whether this module has read the body. */
export function hasRawBody(request: RequestWithBody): boolean {
  return request[CAPTURED] !== undefined;
}

/** Takes back what `captureRawBody` did: the route that runs is not one of ours. */
export function dropRawBody(request: RequestWithBody): void {
  request[CAPTURED]?.reader?.handOver();
  request[CAPTURED] = undefined;
  delete request.body;
}

/**
 * The exact bytes of the body: as this module read them or, where a platform had read the body before it,
 * from `request.rawBody` or a Buffer or string in `request.body`.
 *
 * @throws RawBodyError
 */
export function takeRawBody(request: RequestWithBody, maxBodyBytes: number): Uint8Array {
  const result = request[CAPTURED]?.result ?? bodyReadBefore(request);
  if (result instanceof RawBodyError) {
    throw result;
  }
  if (result.length > maxBodyBytes) {
    throw RawBodyError.tooLarge(maxBodyBytes);
  }
  return result;
}

/** The delivery is verified or refused: its body no longer counts as unverified. */
export function releaseRawBody(request: RequestWithBody): void {
  request[CAPTURED]?.reader?.release();
}

/** The bytes of a body that the platform, a parser or a hook had read before this module could. */
export function bodyReadBefore(request: RequestWithBody): RawBodyResult {
  if (hasContentEncoding(request.headers)) {
    return RawBodyError.contentEncoding();
  }
  const { rawBody, body } = (request.raw ?? {}) as { readonly rawBody?: unknown; readonly body?: unknown };
  for (const bytes of [request.rawBody, request.body, rawBody, body]) {
    if (bytes instanceof Uint8Array) {
      return bytes;
    }
    if (typeof bytes === 'string') {
      return Buffer.from(bytes);
    }
  }
  return RawBodyError.lost();
}
