import { describeError } from '../shared/describe-error.js';
import { untilAborted, within } from '../shared/within.js';
import { CatchUpError, retryAfterMsOf, statusOf } from './catch-up.errors.js';
import type { Clock } from './clock.js';
import {
  type ListedEvent,
  type ListedEventPage,
  nanosOf,
  readPage,
  type ScalekitEventsClient,
} from './events-client.js';

const PAGE_SIZE = 100;
/** The most events of one window of time: they are sorted in memory. */
const MAX_EVENTS = 500;
const PATIENCE_MS = 60_000;
const MAX_TRIES = 6;
const FIRST_WAIT_MS = 1_000;
/** The first wait after a 429 without `Retry-After`. */
const FIRST_429_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 600_000;
const MAX_RESTARTS = 3;
/** Gives up after this many pages without a new event: the list has no end. */
const MAX_PAGES_WITHOUT_NEWS = 100;

/** Events of a stretch of time. */
export interface EventWindow {
  /** Oldest first, unless `isPart`. */
  readonly events: readonly ListedEvent[];
  /** Unix seconds. */
  readonly from: number;
  /** Unix seconds. */
  readonly until: number;
  /** True where more events of the same second follow: so many that they come as the API lists them. */
  readonly isPart: boolean;
}

/** What to list. Times are unix seconds. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
  /** Undefined: all. */
  readonly types: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Lists events oldest first in bounded memory, from an API that lists them newest first. */
export class EventList {
  /** How many calls were made. */
  calls = 0;

  constructor(
    private readonly client: ScalekitEventsClient,
    private readonly clock: Clock,
  ) {}

  /**
   * Windows of time, one after the other, each as long as it may be to hold 500 events. Bounds are whole seconds,
   * and each window asks for a second more than it needs: whether the API's filter includes its ends, and how finely it
   * tells times apart, makes no difference then.
   *
   * @throws CatchUpError `events_unavailable`, `events_refused`; the reason of `signal`
   */
  async *windows({ from, to, types, signal }: EventRange): AsyncGenerator<EventWindow> {
    let length = to - from;
    const edge = new Edge();
    for (let start = from; start < to;) {
      const end = Math.min(to, start + length);
      const found = await this.readWindow({ from: start, to: end, types, signal });
      if (typeof found !== 'number') {
        yield { events: edge.pass(found, start).sort(byTime), from: start, until: end, isPart: false };
        start = end;
        length *= Math.max(1, Math.min(4, Math.floor(MAX_EVENTS / 2 / (found.length + 1))));
      } else if (end - start > 1) {
        length = Math.max(1, Math.min(Math.floor(found), Math.floor((end - start) / 2)));
      } else {
        for await (const page of this.pages({ from: start, to: end, types, signal })) {
          yield { events: edge.pass(page.events, start), from: start, until: end, isPart: true };
        }
        yield { events: [], from: start, until: end, isPart: false };
        start = end;
      }
    }
  }

  /** All events of a window; or, where there are too many, how many seconds are likely to hold few enough. */
  private async readWindow(range: EventRange): Promise<ListedEvent[] | number> {
    const events: ListedEvent[] = [];
    for await (const page of this.pages(range)) {
      if (page.isRestart) {
        events.length = 0;
      }
      events.push(...page.events);
      if (page.nextPageToken !== '') {
        const seconds = secondsFor(MAX_EVENTS, events, range);
        if (events.length >= MAX_EVENTS || seconds < (range.to - range.from) / 2) {
          return seconds;
        }
      }
    }
    return events;
  }

  private async *pages(range: EventRange): AsyncGenerator<ListedEventPage & { readonly isRestart: boolean }> {
    let token = '';
    let restarts = 0;
    let isRestart = false;
    let pagesWithoutNews = 0;
    let last = new Set<string>();
    const tokens = new Set<string>();
    do {
      try {
        const page = await this.page(token, range);
        yield { ...page, isRestart };
        isRestart = false;
        token = page.nextPageToken;
        const ids = page.events.map(({ id }) => id);
        pagesWithoutNews = ids.some((id) => !last.has(id)) ? 0 : pagesWithoutNews + 1;
        last = ids.length > 0 ? new Set(ids) : last;
        if (tokens.has(token) || pagesWithoutNews > MAX_PAGES_WITHOUT_NEWS) {
          throw new CatchUpError(
            'events_unavailable',
            "Scalekit's API gave the same page, or empty pages, again and again: its list has no end.",
          );
        }
        tokens.add(token);
      } catch (error) {
        // A token that has expired is refused: what was listed is listed again from the first page on.
        if (token === '' || statusOf(error) !== 400 || ++restarts > MAX_RESTARTS) {
          throw statusOf(error) === 400 ? refused(error) : error;
        }
        token = '';
        isRestart = true;
        tokens.clear();
      }
    } while (token !== '' || isRestart);
  }

  private async page(token: string, { from, to, types, signal }: EventRange): Promise<ListedEventPage> {
    const filter = {
      startTime: { seconds: BigInt(from - 1), nanos: 0 },
      endTime: { seconds: BigInt(to), nanos: 0 },
      ...(types && { eventTypes: [...types] }),
    };
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        this.calls++;
        const call = this.client.events.listEventsPaginated(PAGE_SIZE, token, filter);
        return readPage(await within(PATIENCE_MS, untilAborted(signal, call), tooSlow));
      } catch (error) {
        signal.throwIfAborted();
        const status = statusOf(error);
        if (status === 400) {
          throw error;
        }
        if (status === 401 || status === 403 || status === 404 || status === 501) {
          throw refused(error);
        }
        if (tries === MAX_TRIES) {
          throw new CatchUpError(
            'events_unavailable',
            `Scalekit's API did not list events in ${tries} tries: ${describeError(error, {}, { stack: false })} The next run goes on where this one ended.`,
            { cause: error },
          );
        }
        await this.clock.wait(waitBefore(tries, status === 429, retryAfterMsOf(error)), signal);
      }
    }
  }
}

/** The last seconds of what was listed, which the next window lists again. */
class Edge {
  private ids = new Map<string, number>();

  /** Leaves out what was passed before. */
  pass(events: readonly ListedEvent[], start: number): ListedEvent[] {
    const fresh = events.filter(({ id }) => !this.ids.has(id));
    this.ids = new Map([...this.ids].filter(([, at]) => at >= start - 2));
    for (const { id, occurredAt } of events) {
      this.ids.set(id, occurredAt ? Number(occurredAt.seconds) : start);
    }
    return fresh;
  }
}

function waitBefore(tries: number, isTooMany: boolean, toldMs: number | undefined): number {
  const base = toldMs ?? (isTooMany ? FIRST_429_WAIT_MS : FIRST_WAIT_MS) * 2 ** (tries - 1);
  // At least `Retry-After`, and a random part on top, so that clients don't come back together.
  return Math.min(base, LONGEST_WAIT_MS) * (1 + 0.4 * Math.random());
}

/** How long a window may be, judging by the newest events of this one. */
function secondsFor(count: number, events: readonly ListedEvent[], { from, to }: EventRange): number {
  const times = events.flatMap((event) => nanosOf(event) ?? []);
  const oldest = times.reduce((a, b) => (a < b ? a : b), BigInt(to) * 1_000_000_000n);
  const seconds = to - Number(oldest / 1_000_000_000n);
  return Math.min((0.7 * count * Math.max(seconds, 1)) / events.length, (to - from) / 2);
}

function byTime(a: ListedEvent, b: ListedEvent): number {
  const [first = 0n, second = 0n] = [nanosOf(a), nanosOf(b)];
  if (first !== second) {
    return first < second ? -1 : 1;
  }
  return a.id < b.id ? -1 : 1;
}

function refused(cause: unknown): CatchUpError {
  return new CatchUpError(
    'events_refused',
    `Scalekit's API refuses to list events: ${describeError(cause, {}, { stack: false })} Check the client's environment URL, id and secret, ` +
      'and what they may read.',
    { cause },
  );
}

function tooSlow(): never {
  throw new Error(`No answer within ${PATIENCE_MS / 1_000} s.`);
}
