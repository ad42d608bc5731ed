import { types } from 'node:util';
import type { Logger } from '@nestjs/common';
import { askStore } from '../idempotency/idempotency.errors.js';
import type { CatchUpStore } from '../idempotency/idempotency-store.extras.js';
import { eventKey, type Ledger } from '../idempotency/ledger.js';
import { CatchUpError } from './catch-up.errors.js';
import { CATCH_UP_DEFAULTS, type CatchUpOptions, type CatchUpRunOptions } from './catch-up.options.js';
import { CatchUpRun, type RunTools } from './catch-up.run.js';
import type { Clock } from './clock.js';
import { DoneIds, groupsOfDue, type Unfinished } from './unfinished-events.js';
import { EventList, type EventRange } from './event-list.js';
import { ProgressKeeper, type Reached } from './progress.js';
import type { ReceivedSamples } from './received-samples.js';
import type { CatchUpReport } from './report.js';
import { SameIds } from './same-ids.js';

/** Events younger than this, in seconds, are left to the sender's first attempts. */
const LEFT_TO_SENDER = 120;
/** Clocks may differ by this when the age of an event is compared with what the store remembers, in seconds. */
const CLOCK_DIFFERENCE = 60;

export interface CatchUpParts extends Pick<RunTools, 'isWanted' | 'read' | 'handle' | 'giveUp'> {
  readonly options: CatchUpOptions;
  readonly scope: string;
  readonly ttlSeconds: number;
  readonly store: CatchUpStore;
  readonly ledger: Ledger;
  readonly samples: ReceivedSamples;
  /** The types to ask for; undefined: all. Empty: there is nothing to catch up. */
  readonly types: () => readonly string[] | undefined;
  readonly logger: Pick<Logger, 'log' | 'warn' | 'error'>;
  readonly clock: Clock;
}

/** Lists the events of an endpoint, and has those handled that never came. */
export class CatchUp {
  private readonly progress: ProgressKeeper;
  private readonly sameIds: SameIds;
  private readonly overlap: number;
  private readonly done = new DoneIds();
  private readonly said = new Set<string>();
  private hasReported = false;

  constructor(private readonly parts: CatchUpParts) {
    const { store, scope, options, samples } = parts;
    this.progress = new ProgressKeeper(store, scope, () => {
      return options.since ? Math.floor(options.since.getTime() / 1_000) : this.now;
    });
    this.overlap = options.overlap ?? CATCH_UP_DEFAULTS.overlap;
    this.sameIds = new SameIds(samples, this.overlap, options.assumeSameIds ?? false);
  }

  /**
   * One run, from where the last one ended. Only the process that holds the lease calls it.
   *
   * @throws CatchUpError; StoreUnavailableError; the reason of the signal
   */
  async next(signal: AbortSignal, onProgress?: CatchUpRunOptions['onProgress']): Promise<CatchUpReport> {
    const { floor, watermark } = await this.progress.start(this.now);
    const oldest =
      this.now - Math.min(this.parts.options.maxAge ?? Infinity, this.parts.ttlSeconds) + CLOCK_DIFFERENCE;
    if (watermark < oldest) {
      this.sayOnce(
        'too_old',
        `Events between ${iso(watermark)} and ${iso(oldest)} are not caught up: they are older than maxAge or ` +
          'idempotency.ttlSeconds. service.catchUp({ since, dryRun: true }) lists them.',
      );
    } else {
      this.said.delete('too_old');
    }
    const from = Math.max(floor, oldest, watermark - this.overlap);
    return this.run(
      { from, floor: from, dryRun: false, forgottenBefore: 0, signal, onProgress, reportsOnce: true },
      (until) => ({ until }),
    );
  }

  /**
   * A run from a given time on, or one that only reports.
   *
   * @throws as `next`; RangeError
   */
  async since({
    since,
    dryRun = false,
    firstImport = false,
    onProgress,
    signal,
  }: CatchUpRunOptions): Promise<CatchUpReport> {
    const stop = signal ?? new AbortController().signal;
    if (since !== undefined && !(types.isDate(since) && since.getTime() < this.parts.clock.now())) {
      throw new RangeError('catchUp(): since must be a Date in the past.');
    }
    const { floor, watermark } = await (dryRun ? this.progress.read() : this.progress.start(this.now));
    const from = since ? Math.floor(since.getTime() / 1_000) : Math.max(floor, watermark - this.overlap);
    const remembered = this.now - this.parts.ttlSeconds + CLOCK_DIFFERENCE;
    const plan = {
      floor: from,
      dryRun,
      forgottenBefore: firstImport ? 0 : remembered,
      signal: stop,
      onProgress,
    };
    if (dryRun) {
      return this.run({ ...plan, from }, () => undefined);
    }
    if (from < remembered && !firstImport) {
      throw new RangeError(
        `catchUp(): the store remembers what was handled for idempotency.ttlSeconds (since ${iso(remembered)}): older ` +
          'events could be handled again. Use a later since, or firstImport: true if this application has handled none ' +
          'of them.',
      );
    }
    return this.exclusively('import', async (lease) => {
      const before = await this.progress.readImport();
      // A clock that was ahead may have reached a time that is still to be.
      const reached = Math.min(before?.reached ?? 0, this.now);
      const resumed = before && before.since <= from ? Math.max(from, reached) : from;
      const first = resumed === from ? from : (before?.since ?? from);
      return this.run({ ...plan, from: resumed, signal: AbortSignal.any([stop, lease]) }, (until) => ({
        import: { since: first, reached: until },
      }));
    });
  }

  /** Runs `work` unless another process of the fleet runs it. */
  async exclusively<T>(job: string, work: (lease: AbortSignal) => Promise<T>): Promise<T> {
    const answer = await this.parts.ledger.beginCatchUp(job);
    if (answer.status !== 'acquired') {
      throw new CatchUpError(
        'catch_up_running',
        'Another process runs the same now, or has `every` over 0: that one keeps the lease as long as it lives, and ' +
          'catches up by itself. catchUp({ since }) has a lease of its own.',
      );
    }
    const { claim } = answer;
    try {
      return await work(claim.signal);
    } finally {
      await claim.release().catch(() => undefined); // The ledger goes on telling the store.
    }
  }

  private async run(
    plan: Omit<EventRange, 'to' | 'types'> & {
      readonly floor: number;
      readonly dryRun: boolean;
      readonly forgottenBefore: number;
      /** Where nothing may be handed on, lists the events only once in the life of this process. */
      readonly reportsOnce?: boolean;
      readonly onProgress?: CatchUpRunOptions['onProgress'];
    },
    reached: (until: number) => Reached | undefined,
  ): Promise<CatchUpReport> {
    const { parts } = this;
    const { options, clock } = parts;
    const { from, signal, onProgress } = plan;
    const to = this.now - LEFT_TO_SENDER;
    const types = parts.types();
    const list = new EventList(options.client, clock);
    const comparison = await this.sameIds.compare(list, clock.now(), signal);
    const ids = this.sameIds.verdict(comparison);
    if (ids === 'differ' && !plan.dryRun) {
      throw this.sameIds.errorOf(comparison);
    }
    const dryRun = plan.dryRun || ids === 'unproven';
    const isSilent = dryRun && plan.reportsOnce && this.hasReported;
    this.hasReported ||= dryRun;
    const unfinished = new Map((await this.progress.read()).unfinished.map((entry) => [entry.id, entry]));
    const run = new CatchUpRun(this.tools(list), { ...plan, dryRun, unfinished });

    const save = async (until: number | undefined) => {
      if (!dryRun) {
        await this.progress.save(run.changes, until === undefined ? undefined : reached(until));
      }
      if (until !== undefined) {
        const { listed, caughtUp } = run.counts;
        onProgress?.({ from: date(from), to: date(to), until: date(until), listed, caughtUp });
      }
    };
    try {
      if (!dryRun) {
        await this.retryUnfinished(run, list, unfinished, signal);
        await save(undefined);
      }
      if (types?.length !== 0 && !isSilent) {
        await run.sweep(list.windows({ from, to, types, signal }), save);
      } else {
        await save(to);
      }
    } catch (error) {
      await save(undefined).catch(() => undefined); // What it says is told by the error already.
      throw error;
    }
    if (dryRun && !plan.dryRun && !isSilent) {
      this.sayOnce(
        'unproven',
        `${run.missed.total} of ${run.counts.listed} events in the list are not known here. Nothing is handed on before ` +
          'one event that came by webhook was found in the list, with the same id and the same data.',
      );
    }
    return {
      dryRun,
      ids,
      from: date(from),
      to: date(to),
      ...run.counts,
      missed: run.missed.result(),
      onlyHere: comparison.missing.map(({ id }) => id),
      calls: list.calls,
    };
  }

  private async retryUnfinished(
    run: CatchUpRun,
    list: EventList,
    unfinished: ReadonlyMap<string, Unfinished>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const group of groupsOfDue(unfinished.values(), this.parts.clock.now())) {
      const range = { from: group.from, to: group.to, types: group.types, signal };
      await run.retry(list.windows(range), group.entries);
    }
  }

  private tools(list: EventList): RunTools {
    const { scope, store } = this.parts;
    return {
      ...this.parts,
      list,
      look: async (ids) => askStore('catchUp.look', () => store.look(ids.map((id) => eventKey(scope, id)))),
      done: this.done,
    };
  }

  private sayOnce(what: 'too_old' | 'unproven', text: string): void {
    if (!this.said.has(what)) {
      this.said.add(what);
      this.parts.logger.warn(text);
    }
  }

  /** Unix seconds. */
  private get now(): number {
    return Math.floor(this.parts.clock.now() / 1_000);
  }
}

const date = (seconds: number) => new Date(seconds * 1_000);
const iso = (seconds: number) => date(seconds).toISOString();
