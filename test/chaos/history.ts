import { readFileSync } from 'node:fs';

interface Work {
  starts: number;
  effects: number;
  /** Starts after the store had confirmed that this handler of this event was done: there must be none. */
  startsWhenDone: number;
  isDone: boolean;
}

/** What the fleet's log says of every handler of every event. */
export class History {
  private readonly works = new Map<string, Work>();

  private constructor(
    private readonly handlers: readonly string[],
    lines: readonly string[],
  ) {
    for (const line of lines) {
      this.add(line);
    }
  }

  static read(log: string, handlers: readonly string[]): History {
    return new History(handlers, readFileSync(log, 'utf8').split('\n').slice(0, -1));
  }

  /** Handlers whose effect did not happen exactly once. */
  notOnce(eventIds: readonly string[], handlers = this.handlers): string[] {
    return this.select(eventIds, ({ effects }) => effects !== 1, handlers);
  }

  /** Handlers without any effect. */
  lost(eventIds: readonly string[], handlers = this.handlers): string[] {
    return this.select(eventIds, ({ effects }) => effects === 0, handlers);
  }

  startedWhenDone(eventIds: readonly string[]): string[] {
    return this.select(eventIds, ({ startsWhenDone }) => startsWhenDone > 0);
  }

  startsOf(eventId: string, handler: string): number {
    return this.workOf(eventId, handler).starts;
  }

  get starts(): number {
    return [...this.works.values()].reduce((sum, { starts }) => sum + starts, 0);
  }

  private select(
    eventIds: readonly string[],
    matches: (work: Work) => boolean,
    handlers = this.handlers,
  ): string[] {
    return eventIds.flatMap((id) =>
      handlers.filter((handler) => matches(this.workOf(id, handler))).map((handler) => `${id} ${handler}`),
    );
  }

  private add(line: string): void {
    const [what, id = '', handler = ''] = line.split('\t');
    if (what === 'recorded') {
      for (const each of handler === '*' ? this.handlers : [handler]) {
        this.workOf(id, each).isDone = true;
      }
      return;
    }
    if (what === 'start' || what === 'effect') {
      const work = this.workOf(id, handler);
      if (what === 'effect') {
        work.effects++;
      } else {
        work.starts++;
        work.startsWhenDone += work.isDone ? 1 : 0;
      }
    }
  }

  private workOf(id: string, handler: string): Work {
    const key = `${id} ${handler}`;
    let work = this.works.get(key);
    if (!work) {
      work = { starts: 0, effects: 0, startsWhenDone: 0, isDone: false };
      this.works.set(key, work);
    }
    return work;
  }
}
