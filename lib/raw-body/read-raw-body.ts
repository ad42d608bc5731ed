import type { IncomingMessage, Server } from 'node:http';
import type { Readable } from 'node:stream';
import { RawBodyError } from './raw-body.error.js';
import type { UnverifiedBody, UnverifiedBytes } from './unverified-bytes.js';

const CONTENT_ENCODING = 'content-encoding';
const MAX_DISCARDED_BYTES = 16_777_216;
const MAX_DISCARD_MS = 5_000;
const EMPTY = Buffer.alloc(0);

/** The bytes of a body, or why there are none. */
export type RawBodyResult = Uint8Array | RawBodyError;

export interface BodySource {
  /** The stream to read: the request itself, or what a hook made of it. */
  readonly stream: Readable & { readonly complete?: boolean };
  readonly request: IncomingMessage;
  readonly maxBytes: number;
  readonly unverified: UnverifiedBytes;
}

/** RFC 9110, 8.4: `identity` is the only coding that changes nothing. */
export function hasContentEncoding(headers: IncomingMessage['headers']): boolean {
  for (const name in headers) {
    // Serverless wrappers keep the sender's spelling; Node's HTTP server makes all names lower case.
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
 * Receives one body. The chunks are appended to one buffer: a list of one-byte chunks would cost 400 times the payload.
 * The buffer grows with what has arrived, up to the announced length and no further, so a sender that announces much
 * and sends little costs little.
 */
export class BodyReader implements UnverifiedBody {
  reserved = 0;
  private memory: Buffer = EMPTY;
  private length = 0;
  private isOpen = true;
  private readonly expectedBytes: number;

  /** @param onResult called once, or never if the sender goes away first: then nobody waits for an answer */
  constructor(
    private readonly source: BodySource,
    private readonly onResult: (result: RawBodyResult) => void,
  ) {
    const announced = Number(source.request.headers['content-length'] ?? source.maxBytes);
    this.expectedBytes = Math.min(announced, source.maxBytes);
  }

  start(): void {
    const { stream, request, maxBytes } = this.source;
    if (hasContentEncoding(request.headers)) {
      this.refuse(RawBodyError.contentEncoding());
    } else if (Number(request.headers['content-length']) > maxBytes) {
      this.refuse(RawBodyError.tooLarge(maxBytes));
    } else {
      stream
        .on('readable', this.onReadable)
        .on('end', this.onEnd)
        .on('close', this.onGone)
        .on('error', this.onGone);
    }
  }

  giveUp(): void {
    this.refuse(RawBodyError.tooManyUnverified(this.source.unverified.max));
  }

  /** Frees the memory for other bodies, and discards the rest of the stream. */
  release(): void {
    if (this.isOpen) {
      this.handOver();
      this.source.stream.resume();
    }
  }

  /** Leaves the rest of the body, and its memory, to another reader. */
  handOver(): void {
    this.isOpen = false;
    this.stop();
    this.source.unverified.release(this);
  }

  private readonly onReadable = () => {
    const { stream, unverified } = this.source;
    for (let chunk = this.nextChunk(); chunk; chunk = this.nextChunk()) {
      const error = this.append(chunk);
      if (error) {
        this.refuse(error);
        return;
      }
    }
    if (stream.complete) {
      this.onEnd(); // Before the event 'end', so that the bytes can still be put back.
    } else {
      unverified.addArriving(this);
    }
  };

  private readonly onEnd = () => {
    this.stop();
    this.source.unverified.removeArriving(this);
    this.onResult(this.memory.subarray(0, this.length));
  };

  private readonly onGone = (cause?: Error) => {
    const { stream, request } = this.source;
    this.release();
    if (stream !== request) {
      this.onResult(RawBodyError.unreadable(cause)); // The sender may still be there.
    }
  };

  private nextChunk(): Buffer | undefined {
    const chunk = this.source.stream.read() as Buffer | string | null;
    return typeof chunk === 'string' ? Buffer.from(chunk) : (chunk ?? undefined);
  }

  private append(chunk: Buffer): RawBodyError | undefined {
    const { maxBytes, unverified } = this.source;
    const length = this.length + chunk.length;
    if (length > maxBytes) {
      return RawBodyError.tooLarge(maxBytes);
    }
    const isFirst = this.length === 0;
    if (length > this.memory.length) {
      const capacity = isFirst ? length : Math.max(length, Math.min(2 * length, this.expectedBytes));
      if (!unverified.reserve(this, capacity - this.reserved)) {
        return RawBodyError.tooManyUnverified(unverified.max);
      }
      const memory = isFirst ? chunk : Buffer.alloc(capacity); // Most bodies come in one chunk.
      this.memory.copy(memory, 0, 0, this.length);
      this.memory = memory;
    }
    if (!isFirst) {
      chunk.copy(this.memory, this.length);
    }
    this.length = length;
    return undefined;
  }

  private stop(): void {
    this.source.stream
      .off('readable', this.onReadable)
      .off('end', this.onEnd)
      .off('close', this.onGone)
      .off('error', this.onGone);
  }

  private refuse(error: RawBodyError): void {
    this.release();
    this.memory = EMPTY;
    discardRest(this.source.request);
    this.onResult(error);
  }
}

/**
 * Reads what is still to come of a refused body, and keeps none of it. If the connection were closed instead, a sender
 * that still writes would be reset and never see its answer (RFC 9112, 9.6: about every second one that sends 5 MB).
 * A sender that doesn't finish is cut off.
 */
function discardRest(request: IncomingMessage): void {
  let discarded = 0;
  const cutOff = () => {
    request.destroy();
  };
  const timer = setTimeout(cutOff, MAX_DISCARD_MS).unref();
  request
    .on('data', (chunk: Buffer) => {
      discarded += chunk.length;
      if (discarded > MAX_DISCARDED_BYTES) {
        cutOff();
      }
    })
    .on('end', () => {
      endIfClosing(request);
    })
    .on('close', () => {
      clearTimeout(timer);
    })
    .resume();
}

/** `server.close()` ends the connections that are idle at that moment. This one was not, and is answered already. */
function endIfClosing({ socket }: IncomingMessage): void {
  const { server } = socket as typeof socket & { readonly server?: Server };
  if (server?.listening === false) {
    socket.end();
  }
}
