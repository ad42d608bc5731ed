import { CliError } from '../cli.error.js';
import type { HeaderLines } from '../verify/received-headers.js';
import { describeAnswer, explainFailure, isAccepted } from './answers.js';
import type { Answer } from './delivery-client.js';

/** An event of `FailedAnswer`, of which the module would load Nest. Its texts come from outside. */
export interface ListedFailure {
  readonly eventId: string;
  readonly type: string;
  readonly handler: string;
  readonly organizationId?: string | undefined;
  readonly reason: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly failedAt: string;
}

/** Parameters of the inspector's API; those that are undefined are left out. */
export type InspectorQuery = Readonly<Record<string, string | undefined>>;

/** The most that the inspector answers at once. */
const PAGE = 1_000;
const READ_TIMEOUT_MS = 30_000;
/** Inline, a replay is answered when its handlers have ended. */
const ACTION_TIMEOUT_MS = 300_000;

/** The API of an application's inspector. It follows no redirect: a login would get the credentials. */
export class InspectorClient {
  private readonly headers: Headers;

  /**
   * @param url of the page
   * @throws CliError `bad_input` for a header that can't be sent
   */
  constructor(
    private readonly url: URL,
    headers: HeaderLines,
  ) {
    try {
      this.headers = new Headers(headers.map(([name, value]): [string, string] => [name, value]));
    } catch {
      throw new CliError('bad_input', "--header must be 'name: value', of the characters that HTTP allows.");
    }
    this.headers.set('user-agent', 'nestjs-scalekit-webhooks (inspector)');
    this.headers.set('x-scalekit-inspector', '1');
  }

  /** Failures that pass, oldest first, page by page. */
  async *failed(query: InspectorQuery, most: number): AsyncGenerator<ListedFailure> {
    let cursor: string | undefined;
    let left = most;
    do {
      const limit = String(Math.min(left, PAGE));
      const page = (await this.ask('GET', 'api/failed', { ...query, limit, cursor })) as {
        readonly events?: unknown;
        readonly cursor?: string;
      };
      if (!Array.isArray(page.events) || !page.events.every(isFailure)) {
        throw this.noInspector('the answer has no list of failed events');
      }
      yield* page.events;
      left -= page.events.length;
      cursor = page.cursor;
    } while (cursor !== undefined && left > 0);
  }

  /** @returns how many handlers run again, or how many failures were discarded */
  async act(action: 'replay' | 'discard', query: InspectorQuery): Promise<number> {
    const { count } = (await this.ask('POST', `api/failed/${action}`, query)) as { readonly count?: unknown };
    if (typeof count !== 'number') {
      throw this.noInspector('the answer has no count');
    }
    return count;
  }

  /** @throws CliError `unreachable` or `refused` */
  private async ask(method: 'GET' | 'POST', path: string, query: InspectorQuery): Promise<object> {
    const { origin, pathname } = this.url;
    const target = new URL(`${origin}${pathname.replace(/\/+$/, '')}/${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        target.searchParams.set(name, value);
      }
    }
    const answer = await this.fetch(method, target);
    const value = parse(answer.body);
    if (isAccepted(answer) && value) {
      return value;
    }
    const isGuarded = answer.status === 401 || answer.status === 403;
    if (value && answer.status >= 400 && answer.status !== 404) {
      const hint = isGuarded
        ? " Give what its guards ask for with --header, such as 'authorization: Bearer …'."
        : '';
      throw new CliError('refused', `${this.url.href} answers ${describeAnswer(answer)}.${hint}`);
    }
    throw this.noInspector(describeAnswer(answer));
  }

  private async fetch(method: 'GET' | 'POST', target: URL): Promise<Pick<Answer, 'status' | 'body'>> {
    const signal = AbortSignal.timeout(method === 'GET' ? READ_TIMEOUT_MS : ACTION_TIMEOUT_MS);
    try {
      const response = await fetch(target, { method, headers: this.headers, redirect: 'manual', signal });
      return { status: response.status, body: await response.text() };
    } catch (error) {
      const code = signal.aborted ? 'timeout' : causeOf(error);
      throw new CliError('unreachable', `No answer from ${this.url.href}. ${explainFailure(code)}.`);
    }
  }

  private noInspector(what: string): CliError {
    return new CliError(
      'refused',
      `${this.url.href} is no inspector: ${what}. Give the URL of its page with --inspector, a global prefix included.`,
    );
  }
}

function parse(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFailure(event: unknown): event is ListedFailure {
  const { eventId, type, handler, reason } = Object(event) as Record<string, unknown>;
  return [eventId, type, handler, reason].every((text) => typeof text === 'string');
}

/** Node's error code: `fetch` wraps the error that has it. */
function causeOf(error: unknown): string {
  const { cause, name } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  return cause?.code ?? name;
}
