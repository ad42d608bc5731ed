import type { CatchUpStore } from '../idempotency/idempotency-store.extras.js';
import { askStore } from '../idempotency/idempotency.errors.js';
import type { Unfinished } from './unfinished-events.js';

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
   * Changes what is kept. `change` runs again if another process changed the value first; it returns undefined to change nothing.
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
        throw new Error(
          `${this.name} was changed by other processes ${tries} times in a row, so it could not be updated.`,
        );
      }
    }
  }

  private parse(text: string | undefined): T | undefined {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }
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

/** What a run has reached: its watermark (unix seconds), or that of a first import. */
export interface Reached {
  readonly until?: number;
  readonly import?: ImportProgress;
}

/** Keeps how far an endpoint has caught up, for all its processes. */
export class ProgressKeeper {
  private readonly progress: SharedValue<Progress>;
  private readonly imported: SharedValue<ImportProgress>;

  constructor(
    store: CatchUpStore,
    scope: string,
    /** Where catching up begins if nothing is kept yet. */
    private readonly beginsAt: () => number,
  ) {
    this.progress = new SharedValue(store, `${scope}\nprogress`);
    this.imported = new SharedValue(store, `${scope}\nimport`);
  }

  async read(): Promise<Progress> {
    return (await this.progress.read()) ?? this.beginning();
  }

  readImport(): Promise<ImportProgress | undefined> {
    return this.imported.read();
  }

  /**
   * Where catching up has come to; written down when it begins. A process whose clock was ahead may have come to a time
   * that is still to be: what happens until then would never be listed.
   */
  async start(now: number): Promise<Progress> {
    const started = await this.progress.update((progress = this.beginning()) => ({
      ...progress,
      floor: Math.min(progress.floor, now),
      watermark: Math.min(progress.watermark, now),
    }));
    return started ?? this.beginning();
  }

  async save(
    changes: ReadonlyMap<string, Unfinished | undefined>,
    reached: Reached | undefined,
  ): Promise<void> {
    await this.progress.update((progress = this.beginning()) => {
      const unfinished = new Map(progress.unfinished.map((entry) => [entry.id, entry]));
      for (const [id, entry] of changes) {
        if (entry) {
          unfinished.set(id, entry);
        } else {
          unfinished.delete(id);
        }
      }
      const watermark = Math.max(progress.watermark, reached?.until ?? 0);
      return { ...progress, watermark, unfinished: [...unfinished.values()] };
    });
    if (reached?.import) {
      const { import: next } = reached;
      await this.imported.update(() => next);
    }
  }

  private beginning(): Progress {
    const floor = this.beginsAt();
    return { floor, watermark: floor, unfinished: [] };
  }
}
