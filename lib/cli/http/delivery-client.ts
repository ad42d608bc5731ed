import { once } from 'node:events';
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';

export interface Postable {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
}

export interface Answer {
  /** 0 if no answer came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first 64 KiB of the body. */
  readonly body: string;
  /** From the request's first byte to the answer's last. */
  readonly ms: number;
  /** Why no answer came: Node's error code, such as ECONNREFUSED, or `timeout` or `aborted`. */
  readonly failure?: string;
  readonly tls?: { readonly protocol: string; readonly validTo: Date };
}

export interface DeliveryClientOptions {
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly connections: number;
  readonly keepAlive: boolean;
  readonly signal?: AbortSignal;
}

const MOST_BODY_BYTES = 64 * 1024;

/** Posts deliveries to one URL. Follows no redirect, as senders of webhooks don't. */
export class DeliveryClient {
  private readonly agent: HttpAgent;

  constructor(
    readonly url: URL,
    private readonly options: DeliveryClientOptions,
  ) {
    const { keepAlive, connections } = options;
    const Agent = url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive, maxSockets: connections });
  }

  async post(delivery: Postable): Promise<Answer> {
    const { isStale, ...answer } = await this.attempt(delivery);
    // A server may close an idle connection just as it is used again. It has then not read the request.
    return isStale ? this.attempt(delivery) : answer;
  }

  close(): void {
    this.agent.destroy();
  }

  private async attempt({ headers, rawBody }: Postable): Promise<Answer & { isStale?: boolean }> {
    const { userAgent, timeoutMs, signal } = this.options;
    const startedAt = performance.now();
    const posted = (this.url.protocol === 'https:' ? httpsRequest : request)(this.url, {
      method: 'POST',
      agent: this.agent,
      headers: { 'user-agent': userAgent, ...headers, 'content-length': rawBody.length },
      ...(signal && { signal }),
    });
    posted.on('error', () => undefined); // It may fail once more after the answer began.
    const timeout = { isOver: false };
    const timer = setTimeout(() => {
      timeout.isOver = true;
      posted.destroy();
    }, timeoutMs);
    try {
      const answered = once(posted, 'response') as Promise<[IncomingMessage]>;
      posted.end(rawBody);
      const [response] = await answered;
      const tls = tlsFacts(response);
      const body = await readStart(response);
      const ms = performance.now() - startedAt;
      return { status: response.statusCode ?? 0, headers: response.headers, body, ms, ...tls };
    } catch (error) {
      const code = codeOf(error);
      const failure = timeout.isOver ? 'timeout' : code;
      const isStale = posted.reusedSocket && code === 'ECONNRESET' && !timeout.isOver;
      return { status: 0, headers: {}, body: '', ms: performance.now() - startedAt, failure, isStale };
    } finally {
      clearTimeout(timer);
    }
  }
}

async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (length < MOST_BODY_BYTES) {
      chunks.push(chunk);
      length += chunk.length;
    }
  }
  return Buffer.concat(chunks).subarray(0, MOST_BODY_BYTES).toString('utf8');
}

function tlsFacts({ socket }: IncomingMessage): Pick<Answer, 'tls'> {
  if (!(socket instanceof TLSSocket)) {
    return {};
  }
  const validTo = new Date(socket.getPeerCertificate().valid_to);
  return { tls: { protocol: socket.getProtocol() ?? 'unknown', validTo } };
}

function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'AbortError' ? 'aborted' : (code ?? name);
}
