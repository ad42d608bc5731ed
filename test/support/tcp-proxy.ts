import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

// Imports nothing of ours and has no syntax that Node can't strip: a plain script can load it, too.

type Direction = 'requests' | 'replies';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What came while its direction was held. */
  readonly held: Record<Direction, Buffer[]>;
}

/** Stands between a client and a server, and breaks what is between them where a test says so. */
export class TcpProxy {
  private readonly links = new Set<Link>();
  private readonly listener: Server;
  private readonly isHeld: Record<Direction, boolean> = { requests: false, replies: false };
  private cut: { direction: Direction; bytesLeft: number; done: () => void } | undefined;
  private isRefusing = false;

  private constructor(target: number) {
    this.listener = createServer((client) => {
      if (this.isRefusing) {
        client.resetAndDestroy();
        return;
      }
      this.join(client, connect(target, '127.0.0.1'));
    });
  }

  /** @param target a port on 127.0.0.1 */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.listener.listen(0, '127.0.0.1');
    await once(proxy.listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Resets every connection. */
  cutNow(): void {
    for (const { client, server } of this.links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /**
   * Lets that many more bytes through, then resets every connection; with 0 at the first byte. Resolves when it has.
   * Requests cut after some bytes are half a command; replies cut after none, a command that was done and not answered.
   */
  cutAfter(direction: Direction, bytes: number): Promise<void> {
    return new Promise((done) => {
      this.cut = { direction, bytesLeft: bytes, done };
    });
  }

  /** Keeps what comes, until `release`. */
  hold(direction: Direction): void {
    this.isHeld[direction] = true;
  }

  release(direction: Direction): void {
    this.isHeld[direction] = false;
    for (const link of this.links) {
      for (const chunk of link.held[direction].splice(0)) {
        this.pass(link, direction, chunk);
      }
    }
  }

  /** Refuses new connections, or no longer. */
  refuse(isRefusing = true): void {
    this.isRefusing = isRefusing;
  }

  async stop(): Promise<void> {
    this.cutNow();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private join(client: Socket, server: Socket): void {
    const link: Link = { client, server, held: { requests: [], replies: [] } };
    this.links.add(link);
    client.setNoDelay().on('data', (chunk) => this.take(link, 'requests', chunk));
    server.setNoDelay().on('data', (chunk) => this.take(link, 'replies', chunk));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined); // A reset is what tests ask for.
      one.once('close', () => {
        this.links.delete(link);
        other.destroy();
      });
    }
  }

  private take(link: Link, direction: Direction, chunk: Buffer): void {
    if (this.isHeld[direction]) {
      link.held[direction].push(chunk);
    } else {
      this.pass(link, direction, chunk);
    }
  }

  private pass(link: Link, direction: Direction, chunk: Buffer): void {
    const to = direction === 'requests' ? link.server : link.client;
    if (this.cut?.direction !== direction || chunk.length < this.cut.bytesLeft) {
      if (this.cut?.direction === direction) {
        this.cut.bytesLeft -= chunk.length;
      }
      to.write(chunk);
      return;
    }
    const { bytesLeft, done } = this.cut;
    this.cut = undefined;
    const reset = () => {
      this.cutNow();
      done();
    };
    if (bytesLeft === 0) {
      reset();
    } else {
      // `end` and not a reset: a reset would have the peer throw away what it has not read yet.
      to.end(chunk.subarray(0, bytesLeft), reset);
    }
  }
}
