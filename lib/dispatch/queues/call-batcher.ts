import { settlesWithin } from './settles-within.js';

interface Call<T> {
  readonly items: readonly T[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface CallBatcherOptions<T> {
  /** Resolves once all are safe. Asked again with the items of one call, where those of several failed together. */
  readonly send: (items: readonly T[]) => Promise<void>;
  readonly timeoutMs: number;
  readonly onTimeout: () => Error;
  /**
   * Whether an error may be the fault of one call alone, so that the others are worth another try.
   *
   * @default always
   */
  readonly mayBeOneCall?: (error: unknown) => boolean;
  /**
   * How many batches are under way at a time: while the server works on one, the next is gathered. More make each
   * smaller, and cost the processor more. A server that hangs makes no more than these pile up: calls that wait are
   * withdrawn when their time is over.
   *
   * @default 2
   */
  readonly maxUnderWay?: number;
}

/** A server that was away for a while gets what piled up in portions. */
const MAX_CALLS = 100;

/** Calls that come in the same turn, or while the server is busy, share one way to it. */
export class CallBatcher<T> {
  private readonly waiting = new Set<Call<T>>();
  private isScheduled = false;
  private underWay = 0;

  constructor(private readonly options: CallBatcherOptions<T>) {}

  /** Rejects when the time is over; the items may still arrive. */
  async add(items: readonly T[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const call = { items, resolve, reject };
        this.waiting.add(call);
        timer = setTimeout(() => {
          this.waiting.delete(call);
          reject(this.options.onTimeout());
        }, this.options.timeoutMs);
        this.schedule();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private schedule(): void {
    const { maxUnderWay = 2 } = this.options;
    if (!this.isScheduled && this.underWay < maxUnderWay && this.waiting.size > 0) {
      this.isScheduled = true;
      setImmediate(() => void this.sendNext());
    }
  }

  private async sendNext(): Promise<void> {
    const calls = [...this.waiting].slice(0, MAX_CALLS);
    for (const call of calls) {
      this.waiting.delete(call);
    }
    this.isScheduled = false;
    this.underWay++;
    this.schedule();
    await settlesWithin(this.send(calls), this.options.timeoutMs);
    this.underWay--;
    this.schedule();
  }

  private async send(calls: readonly Call<T>[]): Promise<void> {
    try {
      await this.options.send(calls.flatMap(({ items }) => items));
      for (const { resolve } of calls) {
        resolve();
      }
    } catch (error) {
      const { mayBeOneCall = () => true } = this.options;
      if (calls.length > 1 && mayBeOneCall(error)) {
        await Promise.all(calls.map((call) => this.send([call])));
        return;
      }
      for (const { reject } of calls) {
        reject(error);
      }
    }
  }
}
