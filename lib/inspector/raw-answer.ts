import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { PAGE } from './page.html.js';

/** Express's request and response are Node's; those of Fastify have them. */
export interface RawExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface FastifyReply {
  hijack(): unknown;
  readonly raw: ServerResponse;
}

/** No proxy, filter or extension of the framework is to keep or to change an answer. */
const HEADERS = {
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  // Else nginx keeps the stream until some kilobytes have come.
  'x-accel-buffering': 'no',
};
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** Takes the response from the framework: interceptors, ETags and the like have no part in it. */
export function takeOver(request: object, response: object): RawExchange {
  if ('hijack' in response) {
    const reply = response as FastifyReply;
    reply.hijack();
    return { request: (request as { readonly raw: IncomingMessage }).raw, response: reply.raw };
  }
  return { request: request as IncomingMessage, response: response as ServerResponse };
}

export function writeHead(response: ServerResponse, status: number, type: string, policy = NO_PAGE): void {
  for (const name of response.getHeaderNames()) {
    // Middleware that allows other origins to read answers does not mean these.
    if (/^access-control-|^etag$/.test(name)) {
      response.removeHeader(name);
    }
  }
  response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-security-policy': policy });
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  writeHead(response, status, 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

/** As Nest answers errors. */
export function answerError(response: ServerResponse, statusCode: number, message: string): void {
  answerJson(response, statusCode, { statusCode, message, error: STATUS_CODES[statusCode] });
}

/** Nothing runs on the page, and nothing styles it, but what it has itself. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf('script')}`,
  `style-src ${hashOf('style')}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function answerPage(response: ServerResponse): void {
  writeHead(response, 200, 'text/html; charset=utf-8', POLICY);
  response.end(PAGE);
}

function hashOf(element: 'script' | 'style'): string {
  const [, content = ''] = new RegExp(`<${element}[^>]*>([^]*?)</${element}>`).exec(PAGE) ?? [];
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
