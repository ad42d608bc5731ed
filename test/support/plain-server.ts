import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface PlainServer {
  readonly url: string;
  /** How many requests came, and over how many connections. */
  readonly seen: { requests: number; connections: number };
  readonly requests: readonly { headers: IncomingMessage['headers']; body: string }[];
  close(): Promise<void>;
}

interface Setup {
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

type Respond = (response: ServerResponse, body: string, headers: IncomingMessage['headers']) => void;

/** An HTTP server without any library, which keeps what it was sent. */
export async function startPlainServer(respond: Respond, { tls }: Setup = {}): Promise<PlainServer> {
  const seen = { requests: 0, connections: 0 };
  const requests: { headers: IncomingMessage['headers']; body: string }[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      seen.requests++;
      requests.push({ headers: request.headers, body });
      respond(response, body, request.headers);
    });
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on(tls ? 'secureConnection' : 'connection', () => seen.connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/webhooks`,
    seen,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
