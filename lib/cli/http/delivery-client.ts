import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';

export interface Postable {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first 64 KiB of the body. */
  readonly body: string;
  /** From the request's first byte to the answer's last. */
  readonly ms: number;
  readonly tls?: TlsFacts;
}

/** No answer came. */
export interface Failure {
  /** Node's code of it, such as ECONNREFUSED, or `timeout` or `aborted`. */
  readonly failure: string;
  readonly ms: number;
}

export interface TlsFacts {
  readonly protocol: string;
  readonly validTo: Date;
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

  async post(delivery: Postable): Promise<Answer | Failure> {
    const result = await this.attempt(delivery);
    // A server may close an idle connection just as it is used again: nothing of the request was looked at then.
    return 'isStale' in result && result.isStale ? this.attempt(delivery) : result;
  }

  close(): void {
    this.agent.destroy();
  }

  private attempt({ headers, rawBody }: Postable): Promise<Answer | (Failure & { isStale: boolean })> {
    const { userAgent, timeoutMs, signal } = this.options;
    const send = this.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const startedAt = performance.now();
    const sinceStart = () => performance.now() - startedAt;
    return new Promise((resolve) => {
      const request = send(this.url, {
        method: 'POST',
        agent: this.agent,
        headers: { 'user-agent': userAgent, ...headers, 'content-length': rawBody.length },
        ...(signal && { signal }),
      });
      let failure: string | undefined;
      const timer = setTimeout(() => {
        failure = 'timeout';
        request.destroy();
      }, timeoutMs);
      const settle = (result: Answer | (Failure & { isStale: boolean })) => {
        clearTimeout(timer);
        resolve(result);
      };
      const fail = (code: string, isStale = false) =>
        settle({ failure: failure ?? code, ms: sinceStart(), isStale });

      request.on('response', (response) => {
        const tls = tlsFacts(response);
        readStart(response).then(
          (body) => {
            const { statusCode: status = 0, headers: answered } = response;
            settle({ status, headers: answered, body, ms: sinceStart(), ...(tls && { tls }) });
          },
          (error: unknown) => fail(codeOf(error)),
        );
      });
      request.on('error', (error) =>
        fail(codeOf(error), request.reusedSocket && codeOf(error) === 'ECONNRESET'),
      );
      request.end(rawBody);
    });
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

function tlsFacts({ socket }: IncomingMessage): TlsFacts | undefined {
  return socket instanceof TLSSocket
    ? { protocol: socket.getProtocol() ?? 'unknown', validTo: new Date(socket.getPeerCertificate().valid_to) }
    : undefined;
}

function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'AbortError' ? 'aborted' : (code ?? name);
}
