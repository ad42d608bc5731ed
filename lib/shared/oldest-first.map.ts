/**
 * A `Map` that deletes its oldest entry in constant time. `map.keys().next()` takes longer: V8 leaves a hole for each
 * deleted entry until it rehashes, and steps over all of them each time. One iterator that is kept passes each hole
 * once. It is dropped when unused for long, because it keeps its table alive, and every later table that V8 makes.
 */
export class OldestFirstMap<K, V> {
  private readonly map = new Map<K, V>();
  private order: MapIterator<[K, V]> | undefined;
  /** How many entries were set or deleted since the iterator moved. */
  private changes = 0;

  get size(): number {
    return this.map.size;
  }

  get(key: K): V | undefined {
    return this.map.get(key);
  }

  /** Sets the entry and makes it the youngest. */
  set(key: K, value: V): void {
    this.map.delete(key);
    this.map.set(key, value);
    this.countChange();
  }

  delete(key: K): boolean {
    this.countChange();
    return this.map.delete(key);
  }

  /** Returns the value of the deleted entry: undefined if the map was empty. */
  deleteOldest(): V | undefined {
    if (this.map.size === 0) {
      return undefined;
    }
    this.changes = 0;
    let oldest = this.order?.next();
    if (!oldest || oldest.done) {
      this.order = this.map.entries();
      oldest = this.order.next();
    }
    if (oldest.done) {
      return undefined;
    }
    const [key, value] = oldest.value;
    this.map.delete(key);
    return value;
  }

  /** A new iterator steps over at most as many holes as there are entries: no more work than these changes were. */
  private countChange(): void {
    if (this.order && ++this.changes > this.map.size) {
      this.order = undefined;
    }
  }
}
