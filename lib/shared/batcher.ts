import { isPromiseLike } from './awaitable.js';
import { within } from './within.js';

export interface BatcherOptions<Call, Answer> {
  /** Sends the calls together. Resolves to an answer for each, in their order. */
  readonly send: (calls: readonly Call[]) => Promise<readonly (Answer | PromiseLike<Answer>)[]>;
  /** How long a call may take, the time in which it waits to be sent included, in milliseconds. */
  readonly timeoutMs: number;
  /** The error of a call that took longer. */
  readonly onTimeout: (call: Call) => Error;
  /** Calls in one batch at most. */
  readonly maxCalls: number;
  /**
   * Batches under way at most. While the server works on one, the next is gathered; more make each smaller. A
   * server that hangs gets no more than these: what waits for them times out.
   *
   * @default 2
   */
  readonly maxUnderWay?: number;
  /**
   * Makes, for each new batch, the test of whether a call may join it. Called once for a call that joins.
   *
   * @default every call may
   */
  readonly newBatch?: () => (call: Call) => boolean;
  /**
   * Whether an error may be the fault of one call, so that each call of the batch is sent again alone.
   *
   * @default never
   */
  readonly isFaultOfOne?: ((error: unknown) => boolean) | undefined;
  /** An answer that came after its caller had been told that there is none. */
  readonly onLateAnswer?: (call: Call, answer: Answer) => void;
}

interface Waiting<Call, Answer> {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
  isLate: boolean;
}

/**
 * Sends together the calls of one turn of the event loop, and those that come while earlier ones are under way. A call
 * that comes alone is sent alone, at the end of the turn.
 */
export class Batcher<Call, Answer = void> {
  private waiting: Waiting<Call, Answer>[] = [];
  private isScheduled = false;
  private underWay = 0;

  constructor(private readonly options: BatcherOptions<Call, Answer>) {}

  /** Rejects with the error of its batch, or with `onTimeout()` after `timeoutMs`. */
  run(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        entry.isLate = true;
        reject(this.options.onTimeout(call));
      }, this.options.timeoutMs);
      const entry = { call, resolve, reject, timer, isLate: false };
      this.waiting.push(entry);
      this.schedule();
    });
  }

  private schedule(): void {
    const { maxUnderWay = 2 } = this.options;
    if (!this.isScheduled && this.underWay < maxUnderWay && this.waiting.length > 0) {
      this.isScheduled = true;
      setImmediate(() => {
        this.isScheduled = false;
        void this.sendNext();
      });
    }
  }

  private async sendNext(): Promise<void> {
    const settled = this.settle(this.takeBatch());
    this.underWay++;
    this.schedule();
    await (this.options.maxUnderWay === Infinity
      ? settled
      : within(this.options.timeoutMs, settled, () => undefined));
    this.underWay--;
    this.schedule();
  }

  private takeBatch(): Waiting<Call, Answer>[] {
    const { maxCalls, newBatch } = this.options;
    const mayJoin = newBatch?.();
    const batch: Waiting<Call, Answer>[] = [];
    const later: Waiting<Call, Answer>[] = [];
    for (const entry of this.waiting) {
      if (!entry.isLate) {
        (batch.length < maxCalls && (!mayJoin || mayJoin(entry.call)) ? batch : later).push(entry);
      }
    }
    this.waiting = later;
    return batch;
  }

  private async settle(batch: readonly Waiting<Call, Answer>[]): Promise<void> {
    if (batch.length === 0) {
      return;
    }
    try {
      const answers = await this.options.send(batch.map(({ call }) => call));
      batch.forEach((entry, index) => {
        this.answer(entry, answers[index] as Answer | PromiseLike<Answer>);
      });
    } catch (error) {
      if (batch.length > 1 && this.options.isFaultOfOne?.(error)) {
        await Promise.all(batch.map((entry) => this.settle([entry])));
        return;
      }
      batch.forEach((entry) => {
        fail(entry, error);
      });
    }
  }

  private answer(entry: Waiting<Call, Answer>, answer: Answer | PromiseLike<Answer>): void {
    if (isPromiseLike(answer)) {
      answer.then(
        (value) => {
          this.answer(entry, value);
        },
        (error: unknown) => {
          fail(entry, error);
        },
      );
      return;
    }
    clearTimeout(entry.timer);
    entry.resolve(answer);
    if (entry.isLate) {
      this.options.onLateAnswer?.(entry.call, answer);
    }
  }
}

function fail<Call, Answer>({ timer, reject }: Waiting<Call, Answer>, error: unknown): void {
  clearTimeout(timer);
  reject(error);
}
