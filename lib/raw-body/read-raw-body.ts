import type { IncomingMessage } from 'node:http';
import { discardRest } from './discard-rest.js';
import { GrowingBuffer } from './growing-buffer.js';
import { RawBodyError } from './raw-body.error.js';

/** What became of a body: its bytes, or why there are none. */
export type RawBodyResult = Uint8Array | RawBodyError;

const CONTENT_ENCODING = 'content-encoding';

/** RFC 9110, 8.4: `identity` is the one coding that changes nothing. */
export function hasContentEncoding(headers: IncomingMessage['headers']): boolean {
  for (const name in headers) {
    // Only Node's own HTTP has all names in lower case.
    const isOurs = name.length === CONTENT_ENCODING.length && name.toLowerCase() === CONTENT_ENCODING;
    if (isOurs && isCoding(headers[name])) {
      return true;
    }
  }
  return false;
}

function isCoding(value: string | string[] = ''): boolean {
  return !/^(identity)?$/i.test(String(value).trim());
}

/**
 * Reads the whole body, but keeps never more than `maxBytes`. `onResult` is called once, or never when the sender goes
 * away first: then nobody is left to be answered.
 */
export function readRawBody(
  request: IncomingMessage,
  maxBytes: number,
  onResult: (result: RawBodyResult) => void,
): void {
  const refuse = (error: RawBodyError) => {
    discardRest(request);
    onResult(error);
  };
  if (hasContentEncoding(request.headers)) {
    refuse(RawBodyError.contentEncoding());
    return;
  }
  if (Number(request.headers['content-length']) > maxBytes) {
    refuse(RawBodyError.tooLarge(maxBytes));
    return;
  }
  const body = new GrowingBuffer();

  const stop = () => {
    request.off('data', onData).off('end', onEnd).off('close', stop).off('error', stop);
  };
  const onData = (chunk: Buffer) => {
    if (body.length + chunk.length > maxBytes) {
      stop();
      refuse(RawBodyError.tooLarge(maxBytes));
    } else {
      body.append(chunk);
    }
  };
  const onEnd = () => {
    stop();
    onResult(body.bytes);
  };
  request.on('data', onData).on('end', onEnd).on('close', stop).on('error', stop);
}
