import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

interface Timer {
  at: number;
  readonly every: number | undefined;
  readonly number: number;
  readonly run: () => void;
}

interface TimerHandle {
  readonly number: number;
  ref(): TimerHandle;
  unref(): TimerHandle;
  [Symbol.toPrimitive](): number;
}

const flush = setImmediate;
const settled = () => new Promise<void>((resolve) => flush(resolve));

/**
 * A clock that jumps from timer to timer: days pass in milliseconds. Fake timers of test runners wait for a real timer
 * between two of theirs, a hundred times as long. It replaces the functions of Node.js themselves, so that it also holds
 * for modules that an earlier file of the worker has loaded.
 */
export class VirtualTime {
  now: number;
  private readonly timers = new Map<number, Timer>();
  private last = 0;
  private readonly restore: () => void;

  constructor(start: number) {
    this.now = start;
    const now = () => this.now;
    const { Date: RealDate, performance } = globalThis;
    class VirtualDate extends RealDate {
      constructor(...args: [] | [string | number | Date]) {
        super(...((args.length > 0 ? args : [now()]) as [number]));
      }
      static override now(): number {
        return now();
      }
    }
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const { setTimeout: realWait } = timersPromises;
    const clear = (handle: TimerHandle | NodeJS.Timeout | undefined) => {
      if (handle && 'number' in handle) {
        this.timers.delete(handle.number);
      } else {
        clearTimeout(handle); // One of an earlier file.
      }
    };
    Object.assign(globalThis, {
      Date: VirtualDate,
      setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
        this.add(ms, undefined, () => run(...args)),
      setInterval: (run: () => void, ms: number) => this.add(ms, ms, run),
      clearTimeout: clear,
      clearInterval: clear,
    });
    performance.now = () => this.now - start;
    const wait: typeof realWait = async (ms, value, { signal } = {}) => {
      await this.wait(ms ?? 0, signal);
      return value as never;
    };
    replaceWait(wait);
    this.restore = () => {
      Object.assign(globalThis, { Date: RealDate, setTimeout, clearTimeout, setInterval, clearInterval });
      Reflect.deleteProperty(performance, 'now');
      replaceWait(realWait);
    };
  }

  at(time: number, run: () => void): void {
    this.add(time - this.now, undefined, run);
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = () => {
        this.timers.delete(handle.number);
        reject(signal?.reason as Error);
      };
      const handle = this.add(ms, undefined, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  async runUntil(end: number): Promise<void> {
    for (;;) {
      await settled();
      let next: Timer | undefined;
      for (const timer of this.timers.values()) {
        if (!next || timer.at < next.at || (timer.at === next.at && timer.number < next.number)) {
          next = timer;
        }
      }
      if (!next || next.at > end) {
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, next.at);
      if (next.every === undefined) {
        this.timers.delete(next.number);
      } else {
        next.at += next.every;
      }
      next.run();
    }
  }

  close(): void {
    this.timers.clear();
    this.restore();
  }

  private add(ms: number, every: number | undefined, run: () => void): TimerHandle {
    const number = ++this.last;
    this.timers.set(number, { at: this.now + Math.max(0, ms), every, number, run });
    const handle: TimerHandle = {
      number,
      ref: () => handle,
      unref: () => handle,
      [Symbol.toPrimitive]: () => number,
    };
    return handle;
  }
}

/** Modules see the change, too, that have imported it by name. */
function replaceWait(wait: typeof timersPromises.setTimeout): void {
  timersPromises.setTimeout = wait;
  syncBuiltinESMExports();
}
