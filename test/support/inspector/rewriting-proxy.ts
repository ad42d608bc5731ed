import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

/** Serves `/tools/hooks/…` from another path of an application, as an ingress does, and cuts connections when told to. */
export class RewritingProxy {
  isDown = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: () => string): Promise<RewritingProxy> {
    const server = createServer((incoming, outgoing) => {
      if (proxy.isDown) {
        outgoing.writeHead(502).end();
        return;
      }
      const url = target() + (incoming.url ?? '').replace(/^\/tools\/hooks/, '');
      const { method, headers } = incoming;
      const forwarded = request(url, { method: method ?? 'GET', headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      outgoing.on('close', () => forwarded.destroy());
      incoming.pipe(forwarded);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = new RewritingProxy(server, `http://127.0.0.1:${port}/tools/hooks`);
    server.on('connection', (socket) => {
      proxy.sockets.add(socket);
      socket.on('close', () => proxy.sockets.delete(socket));
    });
    return proxy;
  }

  /** Ends what is open, streams too. */
  cut(): void {
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }

  close(): void {
    this.server.close();
    this.cut();
  }
}
