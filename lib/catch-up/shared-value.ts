import { askStore } from '../idempotency/idempotency.errors.js';
import type { CatchUpStore } from '../idempotency/idempotency-store.extras.js';

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
