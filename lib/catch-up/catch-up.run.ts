import type { Logger } from '@nestjs/common';
import { type Answer, OUTCOMES } from '../answers/answers.js';
import type { KeyState } from '../idempotency/idempotency-store.extras.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import { describeError } from '../shared/describe-error.js';
import { escapeControlCharacters } from '../shared/escape-control-characters.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { CatchUpError } from './catch-up.errors.js';
import type { Clock } from './clock.js';
import { type DoneIds, MAX_UNFINISHED, type Unfinished, UnfinishedEvents } from './unfinished-events.js';
import type { EventList, EventWindow } from './event-list.js';
import { bodyOf, type ListedEvent, nanosOf, secondsOf } from './events-client.js';
import type { LostEvent } from './give-up.js';
import { noCounts, Tally } from './report.js';

/** Ends the run after this many failures in a row: something is down, and the rest would fail, too. */
const MAX_FAILURES_IN_A_ROW = 10;
const LOST = 'it is no longer in the list.';
/** When to come back to a lost event that another process works on: it has finished or failed by then. */
const LOST_AGAIN_MS = 300_000;
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
  readonly giveUp: (event: VerifiedDelivery | LostEvent, error: unknown) => Promise<boolean>;
  /** Ids that are known to be done, of this process. */
  readonly done: DoneIds;
}

type Outcome = 'done' | 'failed' | 'waiting' | 'refused';

/** Hands the events of a stretch of time to their handlers, oldest first. */
export class CatchUpRun {
  readonly counts = noCounts();
  readonly missed = new Tally();
  private readonly unfinished: UnfinishedEvents;
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
    this.unfinished = new UnfinishedEvents(options.unfinished, tools.clock);
  }

  /** Events that this run put off, and ids of those that are finished now (undefined). */
  get changes(): ReadonlyMap<string, Unfinished | undefined> {
    return this.unfinished.changes;
  }

  /**
   * @param save keeps that everything up to that time (unix seconds) is done with
   * @throws CatchUpError; StoreUnavailableError; the reason of the signal
   */
  async sweep(windows: AsyncIterable<EventWindow>, save: (until: number) => Promise<void>): Promise<void> {
    for await (const { events, from, until, isPart } of windows) {
      const cameTo = await this.handleAll(
        this.wanted(events),
        from,
        () => this.isStuck || this.unfinished.isFull,
      );
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
      if (!this.changes.has(entry.id) && !this.unfinished.retryLater(entry)) {
        await this.giveUpLost(entry);
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
        this.unfinished.finish(event.id);
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
      if (this.unfinished.isPutOff(event.id)) {
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

  private get isStuck(): boolean {
    return this.failuresInARow >= MAX_FAILURES_IN_A_ROW;
  }

  private async handle(event: ListedEvent, at: number): Promise<void> {
    const { id, type } = event;
    const outcome = await this.handOn(event, at);
    if (outcome === 'done' || outcome === 'refused') {
      this.unfinished.finish(id);
    }
    if (outcome === 'done') {
      this.tools.done.add(id);
      this.counts.caughtUp++;
      this.failuresInARow = 0;
    } else {
      this.counts[outcome]++;
    }
    if (outcome === 'waiting' && !this.unfinished.isPutOff(id)) {
      this.unfinished.putOff(this.unfinished.entryOf({ id, type, at }));
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
    const entry = this.unfinished.entryOf({ id, type, at });
    if (!this.unfinished.retryLater(entry, answer.retryAfterSeconds)) {
      if (!(await this.tools.giveUp(delivery, cause))) {
        return 'waiting';
      }
      this.gaveUp(entry, cause, delivery.event);
      this.tools.done.add(id);
    }
    return 'failed';
  }

  private async giveUpLost(entry: Unfinished): Promise<void> {
    if (await this.tools.giveUp(entry, LOST)) {
      this.gaveUp(entry, LOST, {});
    } else {
      this.unfinished.putOff({ ...entry, notBefore: this.tools.clock.now() + LOST_AGAIN_MS });
    }
  }

  private gaveUp({ id, type, tries }: Unfinished, error: unknown, event: object): void {
    const reason = describeError(error, event, { stack: false });
    const text = `Gave up on event ${id} (${type}) after ${tries + 1} tries: ${reason}`;
    this.tools.logger.error(escapeControlCharacters(text));
    this.unfinished.finish(id);
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

/** Errors that the receiver has no answer to are those of a handler. */
async function answerTo(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (cause) {
    return { ...OUTCOMES.failed, cause };
  }
}
