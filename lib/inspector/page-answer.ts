import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { PAGE } from './page.html.js';
import { writeHead } from './raw-answer.js';

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
