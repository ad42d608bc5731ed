import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WebhookApp } from './webhook-app.js';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Names and values as they stand in the head: in this order, repeated ones included. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** A client that puts exactly the bytes it is given on the wire. */
export class RawConnection {
  private received = '';
  private wake: () => void = () => undefined;
  private sent = 0;
  /** Settles when the connection is gone at both ends, whoever ended it. */
  readonly closed: Promise<unknown>;

  private constructor(
    private readonly client: Socket,
    /** The server's end of it. */
    readonly server: Socket,
  ) {
    client.setNoDelay().setEncoding('latin1');
    client.on('data', (text: string) => {
      this.received += text;
      this.wake();
    });
    client.on('error', () => undefined); // Writing to a server that has hung up: `closed` tells.
    client.on('close', () => {
      this.wake();
    });
    this.closed = Promise.all([closeOf(client), closeOf(server)]);
  }

  static async open({ app, port }: WebhookApp): Promise<RawConnection> {
    const accepted = once(app.getHttpServer(), 'connection');
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    const [server] = (await accepted) as [Socket];
    return new RawConnection(client, server);
  }

  get isOpen(): boolean {
    return !this.client.destroyed;
  }

  /**
   * Resolves when the server has read what was sent, so that what is sent next comes in another piece. A string is
   * a head, in Latin-1.
   */
  async send(...pieces: (string | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
      this.client.write(bytes);
      this.sent += bytes.length;
      while (this.server.bytesRead < this.sent && !this.server.destroyed) {
        await nextTurn();
      }
    }
  }

  /** Sends the same bytes until the server ends the connection. */
  sendForever(bytes: Uint8Array): void {
    while (this.isOpen && this.client.writable && this.client.write(bytes));
    if (this.isOpen) {
      this.client.once('drain', () => {
        this.sendForever(bytes);
      });
    }
  }

  /** The next answer that has not been taken yet. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const answer = this.takeAnswer();
      if (answer) {
        return answer;
      }
      if (!this.isOpen) {
        throw new Error('The connection ended without an answer.');
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async answers(count: number): Promise<RawAnswer[]> {
    const answers: RawAnswer[] = [];
    while (answers.length < count) {
      answers.push(await this.answer());
    }
    return answers;
  }

  /** Hangs up without a word, and resolves when the server has noticed. */
  async abort(): Promise<void> {
    this.client.resetAndDestroy();
    await this.closed;
  }

  /** Says that nothing more will be sent, but listens on. */
  finish(): void {
    this.client.end();
  }

  private takeAnswer(): RawAnswer | undefined {
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd === -1) {
      return undefined;
    }
    const [statusLine = '', ...lines] = this.received.slice(0, headEnd).split('\r\n');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const bodyStart = headEnd + 4;
    const bodyEnd = bodyStart + Number(headers.get('content-length') ?? 0);
    if (this.received.length < bodyEnd) {
      return undefined;
    }
    const body = this.received.slice(bodyStart, bodyEnd);
    this.received = this.received.slice(bodyEnd);
    return { status: Number(statusLine.split(' ')[1]), headers, body };
  }
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
}

/** The head of a POST, blank line included. */
export function postHead(headers: HeaderLines, path = '/webhooks/scalekit'): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`;
}

/** A POST with a `Content-Length`, as one piece. */
export function rawPost(headers: HeaderLines, body: string | Uint8Array, path?: string): Buffer {
  const bytes = Buffer.from(body);
  const head = postHead([...headers, ['Content-Length', String(bytes.length)]], path);
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

export const CHUNKED: HeaderLines = [['Transfer-Encoding', 'chunked']];
export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** One chunk of a body sent with `Transfer-Encoding: chunked`. */
export function chunk(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}
