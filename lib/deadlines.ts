interface Deadline {
  readonly at: number;
  readonly onOver: () => void;
}

/**
 * Deadlines that are all equally long. They run out in the order in which they began, so one timer serves them all:
 * one a request would cost more than the work of most requests.
 */
export class Deadlines {
  private readonly open = new Set<Deadline>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms: number) {}

  /** Settles as `work` does, unless that takes longer: then rejects with what `late` returns, and `work` runs on. */
  async race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    let deadline: Deadline | undefined;
    const over = new Promise<never>((_, reject) => {
      deadline = this.begin(() => {
        reject(late());
      });
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      this.end(deadline);
    }
  }

  private begin(onOver: () => void): Deadline {
    const deadline = { at: performance.now() + this.ms, onOver };
    this.open.add(deadline);
    if (this.open.size === 1) {
      this.timer?.ref();
    }
    this.timer ??= this.runOutIn(this.ms);
    return deadline;
  }

  private end(deadline: Deadline | undefined): void {
    if (deadline && this.open.delete(deadline) && this.open.size === 0) {
      this.timer?.unref(); // Nobody waits: it keeps no process alive.
    }
  }

  private runOutIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.timer = undefined;
      this.runOut(performance.now());
    }, ms);
  }

  private runOut(now: number): void {
    for (const deadline of this.open) {
      if (deadline.at > now) {
        this.timer ??= this.runOutIn(Math.ceil(deadline.at - now));
        return;
      }
      this.open.delete(deadline);
      deadline.onOver();
    }
  }
}
