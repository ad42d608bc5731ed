import { createServer } from 'node:http';
import { listen } from './listen.mjs';

/** The floor: reads the body and answers. */
export function start(handle) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      handle(Buffer.concat(chunks));
      response.end('OK');
    });
  });
  return listen(server);
}
