import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Code, ConnectError } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { ScalekitClient } from '@scalekit-sdk/node';
import { EventsService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/events/events_pb.js';
import type { ListedEvent, ListedEventFilter, ListedEventPage } from '../../lib/index.js';
import { makeTlsFiles, type TlsFiles } from './tls-files.js';

const MAX_PAGE = 100;
const NANOS = 1_000_000_000n;

/** One event of the log. */
export type LoggedEvent = ListedEvent & {
  readonly occurredAt: { readonly seconds: bigint; readonly nanos: number };
};

/** An event of the log, as far as its time is concerned. */
export function momentOf(milliseconds: number, nanos = 0): LoggedEvent['occurredAt'] {
  return fromNanos(BigInt(Math.floor(milliseconds)) * 1_000_000n + BigInt(nanos));
}

export interface EventLogOptions {
  /** Whether the filter's ends belong to what it lets through: nobody has documented it. */
  readonly includesEnds?: boolean;
  /** A page token is good for so many calls after it was given. */
  readonly tokensLiveFor?: number;
}

/** What Scalekit's API does with its log, without the connection: newest first, 100 a page, opaque tokens. */
export class EventLog {
  /** Each call, as it was asked. */
  readonly calls: { readonly pageToken: string; readonly filter: ListedEventFilter }[] = [];
  /** Thrown by the next calls, one each; undefined stands for an answer. */
  readonly faults: (Error | undefined)[] = [];
  private readonly events: LoggedEvent[] = [];
  private isSorted = true;

  constructor(private readonly options: EventLogOptions = {}) {}

  add(...events: readonly LoggedEvent[]): void {
    for (const event of events) {
      this.events.push(event);
    }
    this.isSorted = false;
  }

  remove({ id: removed }: LoggedEvent): void {
    this.events.splice(
      this.events.findIndex(({ id }) => id === removed),
      1,
    );
  }

  list(pageSize: number, pageToken: string, filter: ListedEventFilter): ListedEventPage {
    this.calls.push({ pageToken, filter });
    const fault = this.faults.shift();
    if (fault !== undefined) {
      throw fault;
    }
    const before = pageToken === '' ? undefined : this.readToken(pageToken, filter);
    const size = Math.min(MAX_PAGE, pageSize || 10);
    const page: LoggedEvent[] = [];
    const { startTime, endTime } = filter;
    const sorted = this.newestFirst();
    for (let at = firstNotAfter(sorted, endTime); at < sorted.length && page.length <= size; at++) {
      const event = sorted[at];
      if (!event || (startTime && event.occurredAt.seconds < startTime.seconds)) {
        break;
      }
      if (this.passes(event, filter) && (!before || isAfter(before, event))) {
        page.push(event);
      }
    }
    const events = page.slice(0, size);
    const last = events.at(-1);
    return { events, nextPageToken: page.length > size && last ? this.tokenAfter(last, filter) : '' };
  }

  private newestFirst(): readonly LoggedEvent[] {
    if (!this.isSorted) {
      this.events.sort((a, b) => (isAfter(a, b) ? -1 : 1));
      this.isSorted = true;
    }
    return this.events;
  }

  private passes(
    { type, occurredAt }: LoggedEvent,
    { eventTypes = [], startTime, endTime }: ListedEventFilter,
  ) {
    const { includesEnds = true } = this.options;
    const at = nanosOf(occurredAt);
    const isLate = !startTime || at > nanosOf(startTime) || (includesEnds && at === nanosOf(startTime));
    const isEarly = !endTime || at < nanosOf(endTime) || (includesEnds && at === nanosOf(endTime));
    return isLate && isEarly && (eventTypes.length === 0 || eventTypes.includes(type));
  }

  private tokenAfter({ id, occurredAt }: LoggedEvent, filter: ListedEventFilter): string {
    const cursor = [id, nanosOf(occurredAt).toString(), filterText(filter), this.calls.length];
    return Buffer.from(JSON.stringify(cursor)).toString('base64url');
  }

  private readToken(token: string, filter: ListedEventFilter): LoggedEvent {
    const [id, at, asked, given] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [
      string,
      string,
      string,
      number,
    ];
    const { tokensLiveFor = Infinity } = this.options;
    if (asked !== filterText(filter) || this.calls.length - given > tokensLiveFor) {
      throw new ConnectError('invalid page token', Code.InvalidArgument);
    }
    return { id, type: '', occurredAt: fromNanos(BigInt(at)) };
  }
}

/** The index of the first event that did not happen in a later second. */
function firstNotAfter(sorted: readonly LoggedEvent[], end: ListedEventFilter['endTime']): number {
  let [low, high] = [0, sorted.length];
  while (end && low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.occurredAt.seconds ?? 0n) > end.seconds) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return end ? low : 0;
}

function nanosOf({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): bigint {
  return seconds * NANOS + BigInt(nanos);
}

function fromNanos(total: bigint): LoggedEvent['occurredAt'] {
  return { seconds: total / NANOS, nanos: Number(total % NANOS) };
}

function isAfter(a: LoggedEvent, b: LoggedEvent): boolean {
  const [first, second] = [nanosOf(a.occurredAt), nanosOf(b.occurredAt)];
  return first === second ? a.id > b.id : first > second;
}

function filterText({ eventTypes = [], startTime, endTime }: ListedEventFilter): string {
  const moment = (each: ListedEventFilter['startTime']) => each && nanosOf(each).toString();
  return JSON.stringify([eventTypes, moment(startTime), moment(endTime)]);
}

/** Scalekit's events API on a socket, as its SDK speaks to it: HTTP/2, gRPC, a token by client credentials. */
export class EventsApi {
  static readonly clientId = 'skc_1';
  static readonly clientSecret = 'test_secret';
  private readonly sessions = new Set<{ destroy(): void }>();
  /** Access tokens that are good. A client whose token is none of them is asked to fetch one. */
  readonly tokens = new Set<string>();

  private constructor(
    readonly log: EventLog,
    private readonly server: Http2SecureServer,
    private readonly tls: TlsFiles,
  ) {}

  static async start(log = new EventLog()): Promise<EventsApi> {
    const tls = makeTlsFiles(1);
    // The SDK takes no certificate of its own.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    const server = createSecureServer({ key: tls.key, cert: tls.cert, allowHTTP1: true });
    const api = new EventsApi(log, server, tls);
    const grpc = connectNodeAdapter({
      routes: (router) => {
        router.service(EventsService, {
          listEventsPaginated: (request, context) => api.answer(request, context.requestHeader),
        });
      },
    });
    server.on('request', (request, response) => {
      if (request.url !== '/oauth/token') {
        grpc(request, response);
        return;
      }
      let form = '';
      request.on('data', (chunk: Buffer) => (form += chunk.toString()));
      request.on('end', () => {
        const fields = new URLSearchParams(form);
        const isKnown =
          fields.get('client_id') === EventsApi.clientId &&
          fields.get('client_secret') === EventsApi.clientSecret;
        const token = `token ${api.tokens.size + 1}`;
        if (isKnown) {
          api.tokens.add(token);
        }
        response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
        response.end(JSON.stringify(isKnown ? { access_token: token, expires_in: 3_600 } : {}));
      });
    });
    server.on('session', (session) => {
      api.sessions.add(session);
      session.on('close', () => api.sessions.delete(session));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The real SDK. */
  client(clientSecret = EventsApi.clientSecret): ScalekitClient {
    return new ScalekitClient(this.url, EventsApi.clientId, clientSecret, { timeoutMs: 20_000 });
  }

  async stop(): Promise<void> {
    this.tls.remove();
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.sessions.forEach((session) => {
        session.destroy();
      });
    });
  }

  private answer(
    {
      pageSize,
      pageToken,
      filter,
    }: { pageSize: number; pageToken: string; filter?: ListedEventFilter | undefined },
    headers: Headers,
  ) {
    if (!this.tokens.has((headers.get('authorization') ?? '').replace('Bearer ', ''))) {
      throw new ConnectError('no token', Code.Unauthenticated);
    }
    const { events, nextPageToken } = this.log.list(pageSize, pageToken, filter ?? {});
    return {
      events: events.map(({ data, occurredAt, ...event }) => ({
        ...event,
        data: data as never,
        ...(occurredAt && { occurredAt }),
      })),
      nextPageToken,
      prevPageToken: pageToken,
    };
  }
}
