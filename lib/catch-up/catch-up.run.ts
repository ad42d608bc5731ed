import type { Logger } from '@nestjs/common';
import { type Answer, OUTCOMES } from '../answers/answers.js';
import type { KeyState } from '../idempotency/idempotency-store.extras.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import { describeError } from '../shared/describe-error.js';
import { escapeControlCharacters } from '../shared/escape-control-characters.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { CatchUpError } from './catch-up.errors.js';
import type { Clock } from './clock.js';
import type { EventList, EventWindow } from './event-list.js';
import type { ListedEvent } from './events-client.js';
import { bodyOf, nanosOf } from './listed-event.js';
import type { Unfinished } from './progress.js';
import { Tally } from './report.js';

/** Waits before the second, third … try of an event whose handler failed, in seconds: the sender's own, without the first. */
const RETRY_AFTER = [300, 1_800, 7_200, 18_000, 36_000, 36_000];
/** So many failures in a row mean that something is down: what follows would fail, too. */
const MAX_FAILURES_IN_A_ROW = 10;
/** How many events may be unfinished before a run waits for them. */
const MAX_UNFINISHED = 1_000;
const OUTAGES = ['store_unavailable', 'queue_unavailable', 'shutting_down'] as const;

/** What a run needs of the endpoint. */
export interface RunTools {
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  readonly list: EventList;
  /** Types that are not listened to are passed over. */
  readonly isWanted: (type: string) => boolean;
  readonly look: (eventIds: readonly string[]) => Promise<readonly KeyState[]>;
  /** The checks of a delivery, without a signature. */
  readonly read: (body: Uint8Array) => VerifiedDelivery;
  /** Claims the event, and dispatches it. */
  readonly handle: (delivery: VerifiedDelivery) => Promise<Answer>;
  /** Keeps the event as failed, and completes it. False while somebody else works on it. */
  readonly giveUp: (delivery: VerifiedDelivery, error: unknown) => Promise<boolean>;
  /** Ids that are known to be done, of this process. */
  readonly done: { has(id: string): boolean; add(id: string): void };
}

/** What was found and done, in numbers. */
export interface RunCounts {
  listed: number;
  received: number;
  forgotten: number;
  caughtUp: number;
  failed: number;
  waiting: number;
  refused: number;
}

type Outcome = 'done' | 'failed' | 'waiting' | 'refused';

/** Hands the events of a stretch of time to their handlers, oldest first. */
export class CatchUpRun {
  readonly counts: RunCounts = {
    listed: 0,
    received: 0,
    forgotten: 0,
    caughtUp: 0,
    failed: 0,
    waiting: 0,
    refused: 0,
  };
  readonly missed = new Tally();
  /** What this run learned of unfinished events: those it added, and those that are finished now (undefined). */
  readonly changes = new Map<string, Unfinished | undefined>();
  /** Ids of unfinished events. */
  private readonly open: Set<string>;
  private failuresInARow = 0;

  constructor(
    private readonly tools: RunTools,
    private readonly options: {
      readonly dryRun: boolean;
      /** Unix seconds: what is older is passed over. */
      readonly floor: number;
      /** Unix seconds: of what is older and unknown, nobody can tell whether it was handled. */
      readonly forgottenBefore: number;
      readonly unfinished: ReadonlyMap<string, Unfinished>;
      readonly signal: AbortSignal;
    },
  ) {
    this.open = new Set(options.unfinished.keys());
  }

  /**
   * @param save keeps that everything up to that time (unix seconds) is done with
   * @throws CatchUpError; StoreUnavailableError; the reason of the signal
   */
  async sweep(windows: AsyncIterable<EventWindow>, save: (until: number) => Promise<void>): Promise<void> {
    for await (const { events, from, until, isPart } of windows) {
      const cameTo = await this.handleAll(this.wanted(events), from, () => this.isStuck || this.isFull);
      if (cameTo !== undefined) {
        await save(cameTo);
        throw this.interrupted();
      }
      if (!isPart) {
        await save(until);
      }
    }
  }

  /** Comes back to events that earlier runs did not finish. */
  async retry(windows: AsyncIterable<EventWindow>, due: ReadonlyMap<string, Unfinished>): Promise<void> {
    for await (const { events, from } of windows) {
      const again = events.filter(({ id }) => due.has(id) && !this.changes.has(id));
      if ((await this.handleAll(again, from, () => this.isStuck)) !== undefined) {
        throw this.interrupted();
      }
    }
    for (const entry of due.values()) {
      if (!this.changes.has(entry.id) && !this.retryLater(entry)) {
        this.gaveUp(entry, 'it is no longer in the list.', {});
      }
    }
  }

  private wanted(events: readonly ListedEvent[]): readonly ListedEvent[] {
    const { floor } = this.options;
    return events.filter((event) => {
      const nanos = nanosOf(event);
      return (
        this.tools.isWanted(event.type) && (nanos === undefined || nanos >= BigInt(floor) * 1_000_000_000n)
      );
    });
  }

  /** Returns undefined; or, where it must end, up to when (unix seconds) it came. Events without a time count as of `from`. */
  private async handleAll(
    events: readonly ListedEvent[],
    from: number,
    mustEnd: () => boolean,
  ): Promise<number | undefined> {
    const { tools, options } = this;
    const states = await this.statesOf(events);
    for (const [index, event] of events.entries()) {
      options.signal.throwIfAborted();
      this.counts.listed++;
      const at = secondsOf(event) ?? from;
      const state = states[index];
      if (state === 'done') {
        this.counts.received++;
        tools.done.add(event.id);
        this.finish(event.id);
        continue;
      }
      if (state === 'unknown' && at < options.forgottenBefore) {
        this.counts.forgotten++;
        continue;
      }
      this.missed.add(event.type, event.organizationId, at);
      if (options.dryRun) {
        continue;
      }
      if (this.isPutOff(event.id)) {
        this.counts.waiting++;
        continue;
      }
      await this.handle(event, at);
      if (mustEnd()) {
        return at;
      }
    }
    return undefined;
  }

  private async statesOf(events: readonly ListedEvent[]): Promise<readonly KeyState[]> {
    const { done, look } = this.tools;
    const unknown = events.filter(({ id }) => !done.has(id)).map(({ id }) => id);
    const states = new Map<string, KeyState | undefined>();
    if (unknown.length > 0) {
      const found = await look(unknown);
      unknown.forEach((id, index) => states.set(id, found[index]));
    }
    return events.map(({ id }) => states.get(id) ?? 'done');
  }

  private isPutOff(id: string): boolean {
    const entry = this.changes.has(id) ? this.changes.get(id) : this.options.unfinished.get(id);
    return entry !== undefined && entry.notBefore > this.tools.clock.now();
  }

  private get isStuck(): boolean {
    return this.failuresInARow >= MAX_FAILURES_IN_A_ROW;
  }

  private get isFull(): boolean {
    return this.open.size >= MAX_UNFINISHED;
  }

  private async handle(event: ListedEvent, at: number): Promise<void> {
    const { id, type } = event;
    const outcome = await this.handOn(event, at);
    if (outcome === 'done' || outcome === 'refused') {
      this.finish(id);
    }
    if (outcome === 'done') {
      this.tools.done.add(id);
      this.counts.caughtUp++;
      this.failuresInARow = 0;
    } else {
      this.counts[outcome]++;
    }
    if (outcome === 'waiting' && !this.isPutOff(id)) {
      this.putOff({ id, type, at, tries: this.triesOf(id), notBefore: this.tools.clock.now() });
    }
  }

  private async handOn(event: ListedEvent, at: number): Promise<Outcome> {
    const { read, handle, logger } = this.tools;
    let delivery: VerifiedDelivery;
    try {
      delivery = read(bodyOf(event));
    } catch (error) {
      const reason = describeError(error, event.data, { stack: false });
      logger.warn(escapeControlCharacters(`An event of the list is refused: ${reason}`));
      return 'refused';
    }
    const answer = await answerTo(() => handle(delivery));
    if (answer.status === 200) {
      return 'done';
    }
    if (answer.status === OUTCOMES.in_progress.status) {
      return 'waiting';
    }
    const { cause } = answer;
    if (OUTAGES.some((code) => hasErrorCode(cause, code))) {
      this.options.signal.throwIfAborted();
      throw new CatchUpError('catch_up_interrupted', `${answer.text}. The next run goes on.`, { cause });
    }
    this.failuresInARow++;
    const { id, type } = event;
    const entry = { id, type, at, tries: this.triesOf(id), notBefore: 0 };
    if (!this.retryLater(entry, answer.retryAfterSeconds)) {
      if (!(await this.tools.giveUp(delivery, cause))) {
        return 'waiting';
      }
      this.gaveUp(entry, cause, delivery.event);
      this.tools.done.add(id);
    }
    return 'failed';
  }

  private triesOf(id: string): number {
    return this.options.unfinished.get(id)?.tries ?? 0;
  }

  /** Returns false where that was the last try. */
  private retryLater({ tries, ...event }: Unfinished, atLeast = 0): boolean {
    const after = RETRY_AFTER[tries];
    if (after === undefined) {
      return false;
    }
    const notBefore = this.tools.clock.now() + Math.max(after, atLeast) * 1_000;
    this.putOff({ ...event, tries: tries + 1, notBefore });
    return true;
  }

  private gaveUp({ id, type, tries }: Unfinished, error: unknown, event: object): void {
    const reason = describeError(error, event, { stack: false });
    const text = `Gave up on event ${id} (${type}) after ${tries + 1} tries: ${reason}`;
    this.tools.logger.error(escapeControlCharacters(text));
    this.finish(id);
  }

  private putOff(entry: Unfinished): void {
    this.open.add(entry.id);
    this.changes.set(entry.id, entry);
  }

  private finish(id: string): void {
    if (this.open.delete(id)) {
      this.changes.set(id, undefined);
    }
  }

  private interrupted(): CatchUpError {
    const why = this.isStuck
      ? `${MAX_FAILURES_IN_A_ROW} events in a row failed`
      : `${MAX_UNFINISHED} events are unfinished`;
    return new CatchUpError(
      'catch_up_interrupted',
      `${why}: catching up waits, and a later run goes on. What handlers threw is logged above.`,
    );
  }
}

function secondsOf(event: ListedEvent): number | undefined {
  const { occurredAt } = event;
  return occurredAt && Number(occurredAt.seconds);
}

/** Errors that the receiver has no answer to are those of a handler. */
async function answerTo(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (cause) {
    return { ...OUTCOMES.failed, cause };
  }
}
