import { AsyncResource } from 'node:async_hooks';
import { type Linked, LinkedList } from './linked-list.js';

export class Deadline implements Linked<Deadline> {
  previous: Deadline | undefined;
  next: Deadline | undefined;

  constructor(
    readonly at: number,
    readonly onOver: () => void,
  ) {}
}

/**
 * Deadlines that are all equally long. They run out in the order in which they began, so one timer serves them all:
 * one a request would cost more than the work of most requests.
 */
export class Deadlines {
  private readonly open = new LinkedList<Deadline>();
  /** A timer keeps the request store (AsyncLocalStorage) of whoever sets it: not that of some request, for ever. */
  private readonly context = new AsyncResource('ScalekitDeadlines');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms: number) {}

  /** Settles as `work` does, unless that takes longer: then rejects with what `late` returns, and `work` runs on. */
  async race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    let deadline: Deadline | undefined;
    const first = new Promise<T>((resolve, reject) => {
      deadline = this.begin(() => {
        // What `late` throws is no error of the timer.
        const over = new Promise<never>(() => {
          throw late();
        });
        resolve(over);
      });
      work.then(resolve, reject);
    });
    try {
      return await first;
    } finally {
      if (deadline) {
        this.end(deadline);
      }
    }
  }

  /** Calls `onOver` after that time, in the async context of nobody, unless `end` is called before. */
  begin(onOver: () => void): Deadline {
    const deadline = new Deadline(performance.now() + this.ms, onOver);
    if (this.open.isEmpty) {
      this.timer?.ref();
    }
    this.open.add(deadline);
    this.timer ??= this.runOutIn(this.ms);
    return deadline;
  }

  end(deadline: Deadline): void {
    if (this.open.remove(deadline) && this.open.isEmpty) {
      this.timer?.unref(); // Nobody waits: it keeps no process alive.
    }
  }

  private runOutIn(ms: number): NodeJS.Timeout {
    return this.context.runInAsyncScope(
      setTimeout,
      undefined,
      () => {
        this.timer = undefined;
        this.runOut(performance.now());
      },
      ms,
    );
  }

  private runOut(now: number): void {
    for (let deadline = this.open.first; deadline; deadline = this.open.first) {
      if (deadline.at > now) {
        this.timer ??= this.runOutIn(Math.ceil(deadline.at - now));
        return;
      }
      this.open.remove(deadline);
      deadline.onOver();
    }
  }
}
