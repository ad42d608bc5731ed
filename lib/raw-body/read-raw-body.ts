import type { IncomingMessage } from 'node:http';
import { RawBodyError } from './raw-body.error.js';

/** What became of a body: its bytes, or why there are none. */
export type RawBodyResult = Buffer | RawBodyError;

/** RFC 9110, 8.4: `identity` is the one coding that changes nothing. */
export function hasContentEncoding(headers: IncomingMessage['headers']): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding !== '' && encoding.trim().toLowerCase() !== 'identity';
}

/**
 * Reads the whole body, but never more than `maxBytes`. `onResult` is called once, or never when the sender goes
 * away first: then nobody is left to be answered.
 */
export function readRawBody(
  request: IncomingMessage,
  maxBytes: number,
  onResult: (result: RawBodyResult) => void,
): void {
  if (hasContentEncoding(request.headers)) {
    onResult(RawBodyError.contentEncoding());
    return;
  }
  if (Number(request.headers['content-length']) > maxBytes) {
    onResult(RawBodyError.tooLarge(maxBytes));
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;

  const finish = (result?: RawBodyResult) => {
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    if (result) {
      onResult(result);
    }
  };
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) {
      request.pause();
      finish(RawBodyError.tooLarge(maxBytes));
    } else {
      chunks.push(chunk);
    }
  };
  const onEnd = () => {
    finish(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length));
  };
  const onClose = () => {
    finish();
  };
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
}
