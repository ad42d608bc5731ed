import { OldestFirstMap } from '../idempotency/oldest-first.map.js';

const MAX_REMEMBERED = 20_000;

/** The latest ids that this process knows to be done: the store is not asked for them again. */
export class DoneIds {
  private readonly ids = new OldestFirstMap<true>();

  has(id: string): boolean {
    return this.ids.get(id) === true;
  }

  add(id: string): void {
    this.ids.set(id, true);
    if (this.ids.size > MAX_REMEMBERED) {
      this.ids.deleteOldest();
    }
  }
}
