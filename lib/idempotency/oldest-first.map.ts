/**
 * A `Map` that gives up its oldest entry in constant time. `map.keys().next()` alone does not: V8 leaves a hole for
 * each deleted entry until it rehashes, and would step over all of them each time. One iterator, kept, passes each
 * hole once; what it has passed is deleted.
 */
export class OldestFirstMap<V> {
  private readonly map = new Map<string, V>();
  private order = this.map.keys();

  get size(): number {
    return this.map.size;
  }

  get(key: string): V | undefined {
    return this.map.get(key);
  }

  /** Makes the entry the youngest. */
  set(key: string, value: V): void {
    this.map.delete(key);
    this.map.set(key, value);
  }

  delete(key: string): boolean {
    return this.map.delete(key);
  }

  /** False when there was none. */
  deleteOldest(): boolean {
    if (this.map.size === 0) {
      return false;
    }
    let oldest = this.order.next();
    if (oldest.done) {
      this.order = this.map.keys();
      oldest = this.order.next();
    }
    return !oldest.done && this.map.delete(oldest.value);
  }
}
