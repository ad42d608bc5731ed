import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { noteArrival } from '../answers/answer-in-time.js';
import { type AnswerableResponse, answerToRefusal, exceptionFor } from '../answers/answers.js';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';
import { type RawBodyResult, readRawBody } from './read-raw-body.js';
import { keepRawBody } from './request-raw-body.js';

interface Capture {
  /** What Nest will hand to guards. */
  readonly request: object;
  readonly response: AnswerableResponse;
  readonly raw: IncomingMessage;
  readonly endpoint: RegisteredEndpoint;
}

/** Reads the body of a request to one of our routes and leaves it for the guard, or passes on why it can't. */
export function captureRawBody(
  { request, response, raw, endpoint }: Capture,
  next: (error?: Error) => void,
): void {
  noteArrival(request);
  const onResult = (result: RawBodyResult) => {
    if (result instanceof Uint8Array) {
      keepRawBody(request, result);
      next();
      return;
    }
    const answer = answerToRefusal(result);
    if (answer?.log) {
      endpoint.log.warn(answer.log.reason, answer.log.text);
    }
    next(answer ? exceptionFor(answer, response) : result);
  };
  // Traces and request stores (AsyncLocalStorage) would be lost: a body's events come in the socket's async context.
  // `AsyncResource.bind` does the same for ten times the time, which every request would pay.
  const context = new AsyncResource('ScalekitRawBody');
  readRawBody(raw, endpoint.maxBodyBytes, (result) => {
    context.runInAsyncScope(onResult, undefined, result);
  });
}
