import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/** @publicApi */
export type RawBodyErrorCode =
  | 'body_too_large'
  | 'body_unreadable'
  | 'content_encoding'
  | 'raw_body_lost'
  | 'too_many_unverified'
  | 'unknown_platform';

/**
 * The exact bytes of a delivery are not available.
 *
 * @publicApi
 */
export class RawBodyError extends ScalekitWebhookError<RawBodyErrorCode> {
  static tooLarge(maxBodyBytes: number): RawBodyError {
    return new RawBodyError(
      'body_too_large',
      `The body is larger than ${maxBodyBytes} bytes (maxBodyBytes).`,
    );
  }

  static contentEncoding(): RawBodyError {
    return new RawBodyError('content_encoding', 'Only an identity content-encoding is accepted.');
  }

  static tooManyUnverified(maxUnverifiedBytes: number): RawBodyError {
    return new RawBodyError(
      'too_many_unverified',
      `Bodies that are not verified yet fill the ${maxUnverifiedBytes} bytes that they may have together ` +
        '(maxUnverifiedBytes). Senders that stall or send large bodies without a signature cause this.',
    );
  }

  static unreadable(cause: unknown): RawBodyError {
    const reason = cause instanceof Error ? cause.message : 'it ended early';
    return new RawBodyError(
      'body_unreadable',
      `The stream that a preParsing hook made of the request body failed: ${reason}`,
      { cause },
    );
  }

  static lost(): RawBodyError {
    return new RawBodyError(
      'raw_body_lost',
      'Something parsed the request body before the webhook module could read its bytes, and a signature covers ' +
        'bytes, not objects. If your platform or an own server instance parses bodies before Nest does, remove that ' +
        'parser for the webhook path, or hand over the bytes as request.rawBody (express.json({ verify: (request, _, ' +
        'bytes) => { request.rawBody = bytes; } })) or as a Buffer or string in request.body (express.raw({ type: ' +
        '"*/*" })). If a middleware of a module changes the URL to that path, create the application with rawBody: true.',
    );
  }

  static unknownPlatform(platform: string): RawBodyError {
    return new RawBodyError(
      'unknown_platform',
      `The webhook module does not know how to read raw bodies on the HTTP platform "${platform}". Use Express or ` +
        'Fastify.',
    );
  }
}
