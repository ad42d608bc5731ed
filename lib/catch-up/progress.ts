import { askStore } from '../idempotency/idempotency.errors.js';
import type { CatchUpStore } from '../idempotency/idempotency-store.extras.js';

/** An event whose handlers failed, or on which somebody else works: the runs that follow come back to it. */
export interface Unfinished {
  readonly id: string;
  readonly type: string;
  /** Unix seconds, rounded down. */
  readonly at: number;
  /** How often its handlers failed. */
  readonly tries: number;
  /** Not before this time, in milliseconds since 1970. */
  readonly notBefore: number;
}

/** How far an endpoint has caught up. Times are unix seconds. */
export interface Progress {
  /** Where catching up began: nothing before it is ever listed. */
  readonly floor: number;
  /** All events up to here are finished, safely queued, or among `unfinished`. */
  readonly watermark: number;
  readonly unfinished: readonly Unfinished[];
  /** The event that proved that the API's ids and data are those of the webhooks. */
  readonly provenBy?: string;
}

/** A first import: `reached` is its own watermark. Times are unix seconds. */
export interface ImportProgress {
  readonly since: number;
  readonly reached: number;
}

/** An event that came by webhook, and what its data were. */
export interface ReceivedSample {
  readonly id: string;
  readonly type: string;
  /** Unix seconds, rounded down. */
  readonly at: number;
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Set once the event was found in the list, and equal. */
  readonly isSame?: boolean;
}

const MAX_CHANGES = 50;

/** A value that processes share: JSON in the store. */
export class SharedValue<T> {
  constructor(
    private readonly store: CatchUpStore,
    private readonly name: string,
  ) {}

  async read(): Promise<T | undefined> {
    return this.parse(await askStore('catchUp.read', () => this.store.read(this.name)));
  }

  /**
   * Changes what is kept. `change` runs again where somebody else was faster; it returns undefined to leave all as it is.
   *
   * @throws StoreUnavailableError
   */
  async update(change: (value: T | undefined) => T | undefined): Promise<T | undefined> {
    for (let tries = 1; ; tries++) {
      const text = await askStore('catchUp.read', () => this.store.read(this.name));
      const value = this.parse(text);
      const next = change(value);
      const nextText = next && JSON.stringify(next);
      if (nextText === undefined || nextText === text) {
        return value;
      }
      if (await askStore('catchUp.replace', () => this.store.replace(this.name, text, nextText))) {
        return next;
      }
      if (tries === MAX_CHANGES) {
        throw new Error(`${this.name} changed ${tries} times while it was to be changed.`);
      }
    }
  }

  private parse(text: string | undefined): T | undefined {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }
}
