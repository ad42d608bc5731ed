import { channel } from 'node:diagnostics_channel';
import type { Logger } from '@nestjs/common';
import type { Claim } from '../idempotency/claim.js';
import { hasErrorCode, ownCodeOf } from '../scalekit-webhook.errors.js';
import type { CatchUpState } from '../scalekit-webhook.registry.js';
import { describeError } from '../shared/describe-error.js';
import { untilAborted, within } from '../shared/within.js';
import type { CatchUp } from './catch-up.js';
import type { CatchUpRunOptions } from './catch-up.options.js';
import type { Clock } from './clock.js';
import { CATCH_UP_CHANNEL, type CatchUpMessage, type CatchUpProgress, type CatchUpReport } from './report.js';

/** The lease of the runs that go on where the last one ended. */
const LEASE = 'runs';
const runs = channel(CATCH_UP_CHANNEL);
/** How long the shutdown waits for a run. */
const PATIENCE_MS = 2_000;

interface LoopParts {
  readonly application: string;
  readonly endpoint: string;
  readonly catchUp: CatchUp;
  /** Seconds; 0 where nothing runs by itself. */
  readonly every: number;
  /** Keeps an event that came by webhook, to be compared. */
  readonly keepSample: () => Promise<void>;
  readonly lease: (job: string) => Promise<Claim | undefined>;
  readonly logger: Pick<Logger, 'log' | 'warn' | 'error'>;
  readonly clock: Clock;
}

/** Catches up again and again, in one process of all that share the store. */
export class CatchUpLoop {
  private readonly stopped = new AbortController();
  private claim: Claim | undefined;
  /** Resolves when no run uses the claim any more. */
  private running = Promise.resolve();
  private loop: Promise<void> | undefined;
  private lastError: string | undefined;
  private readonly seen = {
    status: 'idle',
    lastRunAt: undefined as number | undefined,
    handled: 0,
    doneUntil: undefined as number | undefined,
  };

  constructor(private readonly parts: LoopParts) {}

  get state(): CatchUpState {
    return { ...this.seen };
  }

  start(): void {
    if (this.parts.every > 0) {
      this.loop = this.repeat();
    }
  }

  /** Ends what runs: events that are being handled are handled to the end. */
  stop(): void {
    this.stopped.abort(new Error('The application is shutting down.'));
  }

  /** Resolves when nothing runs any more, or soon after. */
  async ended(): Promise<void> {
    await within(PATIENCE_MS, this.loop, () => undefined);
  }

  /** @throws CatchUpError; StoreUnavailableError; RangeError; the reason of the signal */
  async once(options: CatchUpRunOptions): Promise<CatchUpReport> {
    const { catchUp, keepSample } = this.parts;
    const signal = AbortSignal.any([this.stopped.signal, ...(options.signal ? [options.signal] : [])]);
    await keepSample();
    if (options.since !== undefined || options.dryRun) {
      return catchUp.since({ ...options, signal });
    }
    if (this.claim) {
      return this.next(this.claim, signal, options.onProgress);
    }
    return catchUp.exclusively(LEASE, (lease) =>
      this.run(AbortSignal.any([signal, lease]), options.onProgress),
    );
  }

  private async repeat(): Promise<void> {
    const { clock, every } = this.parts;
    const { signal } = this.stopped;
    try {
      while (!signal.aborted) {
        await this.turn();
        // Processes that were started together don't ask together.
        await clock.wait(every * 1_000 * (0.9 + 0.2 * Math.random()), signal).catch(() => undefined);
      }
    } finally {
      await this.claim?.release().catch(() => undefined); // The ledger goes on telling the store.
    }
  }

  private async turn(): Promise<void> {
    try {
      await this.parts.keepSample();
      const claim = this.claim ?? (await this.takeLease());
      if (claim) {
        this.tell(await this.next(claim, this.stopped.signal));
      }
    } catch (error) {
      if (!this.stopped.signal.aborted && !hasErrorCode(error, 'lease_lost')) {
        this.complain(error);
      }
    }
  }

  private async takeLease(): Promise<Claim | undefined> {
    const claim = await this.parts.lease(LEASE);
    this.claim = claim;
    claim?.onAbort(() => {
      this.claim = undefined;
      claim.close(); // What is lost needs no renewal, and no shutdown waits for it.
    });
    return claim;
  }

  /** One run at a time. */
  private next(
    claim: Claim,
    stop: AbortSignal,
    onProgress?: CatchUpRunOptions['onProgress'],
  ): Promise<CatchUpReport> {
    const signal = AbortSignal.any([stop, claim.signal]);
    const before = this.running;
    const run = untilAborted(signal, before).then(() => this.run(signal, onProgress));
    this.running = Promise.allSettled([before, run]).then(() => undefined);
    return run;
  }

  /** A run from where the last one ended. */
  private async run(
    signal: AbortSignal,
    onProgress?: (progress: CatchUpProgress) => void,
  ): Promise<CatchUpReport> {
    const { seen } = this;
    const { handled } = seen;
    seen.status = 'running';
    try {
      const report = await this.parts.catchUp.next(signal, (progress) => {
        seen.handled = handled + progress.caughtUp;
        onProgress?.(progress);
      });
      seen.status = report.dryRun ? 'reporting' : 'caught up';
      seen.handled = handled + report.caughtUp;
      if (!report.dryRun) {
        seen.doneUntil = report.to.getTime();
      }
      return report;
    } catch (error) {
      seen.status = signal.aborted ? 'idle' : (ownCodeOf(error) ?? 'failed');
      throw error;
    } finally {
      seen.lastRunAt = this.parts.clock.now();
    }
  }

  private tell(report: CatchUpReport): void {
    this.lastError = undefined;
    const { application, endpoint, logger } = this.parts;
    runs.publish({ application, endpoint, stage: 'ended', report } satisfies CatchUpMessage);
    const { caughtUp, failed, waiting, listed, dryRun, to, calls } = report;
    if (caughtUp + failed > 0 && !dryRun) {
      const others = [failed > 0 && `${failed} failed`, waiting > 0 && `${waiting} wait`].filter(Boolean);
      logger.log(
        `[${endpoint}] caught up ${caughtUp} of ${listed} events in the list until ${to.toISOString()}` +
          `${others.map((other) => `, ${other}`).join('')} (${calls} calls to Scalekit's API)`,
      );
    }
  }

  /** Once for each reason, until a run succeeds. */
  private complain(error: unknown): void {
    const { application, endpoint, logger } = this.parts;
    const code = ownCodeOf(error) ?? 'failed';
    runs.publish({ application, endpoint, stage: 'interrupted', reason: code } satisfies CatchUpMessage);
    const reason = describeError(error, {}, { stack: false });
    if (reason !== this.lastError) {
      this.lastError = reason;
      const isGrave = code === 'events_differ' || code === 'events_refused';
      logger[isGrave ? 'error' : 'warn'](`[${endpoint}] catching up ended early: ${reason}`);
    }
  }
}
