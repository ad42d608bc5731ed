import { isRefusedValue } from './sql-state.js';
import { tooSlow } from './too-slow.js';

export interface BatcherOptions<Call, Answer> {
  /** What the calls do, for the message of an error. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Sends the calls in one statement and gives an answer to each, in their order. */
  readonly send: (calls: readonly Call[]) => Promise<readonly Answer[]>;
  /** Calls for the same key go together only if they have the same kind. */
  readonly kindOf: (call: Call) => unknown;
  /** An answer that came when its caller had been told that there is none. */
  readonly onLateAnswer?: (call: Call, answer: Answer) => void;
}

interface Waiting<Call, Answer> {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
  isGivenUp: boolean;
}

const MAX_CALLS = 1_000;
/** With a second one under way, the client prepares a statement while the server works on the other. */
const MAX_UNDER_WAY = 2;

/**
 * Sends together the calls of one turn of the event loop, and those that come while earlier ones are under way. A call
 * that comes alone is sent alone, at the end of the turn.
 */
export class Batcher<Call extends { readonly key: string }, Answer> {
  private waiting: Waiting<Call, Answer>[] = [];
  private isScheduled = false;
  private underWay = 0;

  constructor(private readonly options: BatcherOptions<Call, Answer>) {}

  /** @throws StoreUnavailableError after `timeoutMs` */
  run(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        entry.isGivenUp = true;
        reject(tooSlow(this.options.name, this.options.timeoutMs));
      }, this.options.timeoutMs);
      const entry = { call, resolve, reject, timer, isGivenUp: false };
      this.waiting.push(entry);
      this.schedule();
    });
  }

  private schedule(): void {
    if (!this.isScheduled && this.underWay < MAX_UNDER_WAY && this.waiting.length > 0) {
      this.isScheduled = true;
      setImmediate(() => {
        this.isScheduled = false;
        void this.sendNext();
      });
    }
  }

  private async sendNext(): Promise<void> {
    const batch = this.takeBatch();
    const settled = this.settle(batch);
    this.underWay++;
    this.schedule();
    await withinTime(settled, this.options.timeoutMs);
    this.underWay--;
    this.schedule();
  }

  private takeBatch(): Waiting<Call, Answer>[] {
    const kinds = new Map<string, unknown>();
    const batch: Waiting<Call, Answer>[] = [];
    const later: Waiting<Call, Answer>[] = [];
    for (const entry of this.waiting) {
      if (entry.isGivenUp) {
        continue;
      }
      const kind = this.options.kindOf(entry.call);
      const { key } = entry.call;
      if (batch.length < MAX_CALLS && (!kinds.has(key) || kinds.get(key) === kind)) {
        kinds.set(key, kind);
        batch.push(entry);
      } else {
        later.push(entry);
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
        this.answer(entry, answers[index] as Answer);
      });
    } catch (error) {
      if (batch.length > 1 && isRefusedValue(error)) {
        await Promise.all(batch.map((entry) => this.settle([entry])));
        return;
      }
      for (const { reject, timer } of batch) {
        clearTimeout(timer);
        reject(error);
      }
    }
  }

  private answer({ call, resolve, timer, isGivenUp }: Waiting<Call, Answer>, answer: Answer): void {
    clearTimeout(timer);
    resolve(answer);
    if (isGivenUp) {
      this.options.onLateAnswer?.(call, answer);
    }
  }
}

/** A server that never answers must not hold the place of the calls to come. */
async function withinTime(settled: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([settled, over]);
  clearTimeout(timer);
}
