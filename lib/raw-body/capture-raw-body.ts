import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';
import { type RawBodyResult, readRawBody } from './read-raw-body.js';
import { keepRawBody } from './request-raw-body.js';
import { unreadableBody } from './unreadable-body.answer.js';

interface Capture {
  /** What Nest will hand to guards. */
  readonly request: object;
  readonly raw: IncomingMessage;
  readonly endpoint: RegisteredEndpoint;
}

/** Reads the body of a request to one of our routes and leaves it for the guard, or passes on why it can't. */
export function captureRawBody({ request, raw, endpoint }: Capture, next: (error?: Error) => void): void {
  const onResult = (result: RawBodyResult) => {
    if (result instanceof Uint8Array) {
      keepRawBody(request, result);
      next();
      return;
    }
    endpoint.log.warn(result.code, result.message);
    next(unreadableBody(result));
  };
  // Traces and request stores (AsyncLocalStorage) would be lost: a body's events come in the socket's async context.
  // `AsyncResource.bind` does the same for ten times the time, which every request would pay.
  const context = new AsyncResource('ScalekitRawBody');
  readRawBody(raw, endpoint.maxBodyBytes, (result) => {
    context.runInAsyncScope(onResult, undefined, result);
  });
}
