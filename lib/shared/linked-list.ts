/** What can be in one {@link LinkedList} at a time. */
export interface Linked<Item> {
  previous: Item | undefined;
  next: Item | undefined;
}

/**
 * Items in the order in which they were added, each removed in constant time. A `Set` does the same, but what comes
 * and goes with every request makes it allocate a new table all the time; each abandoned table holds what was in the
 * set then, and the next table, so that one which has grown old keeps all of that from the young generation's
 * collections: some 5 KB a request.
 */
export class LinkedList<Item extends Linked<Item>> {
  private last: Item | undefined;
  first: Item | undefined;

  get isEmpty(): boolean {
    return this.first === undefined;
  }

  add(item: Item): void {
    item.previous = this.last;
    if (this.last) {
      this.last.next = item;
    } else {
      this.first = item;
    }
    this.last = item;
  }

  has(item: Item): boolean {
    return item.previous !== undefined || this.first === item;
  }

  /** False when it is not in the list. */
  remove(item: Item): boolean {
    if (!this.has(item)) {
      return false;
    }
    const { previous, next } = item;
    if (previous) {
      previous.next = next;
    } else {
      this.first = next;
    }
    if (next) {
      next.previous = previous;
    } else {
      this.last = previous;
    }
    // An item that is dead but old would keep its neighbours from being collected, and they theirs.
    item.previous = undefined;
    item.next = undefined;
    return true;
  }

  toArray(): readonly Item[] {
    const items: Item[] = [];
    for (let item = this.first; item; item = item.next) {
      items.push(item);
    }
    return items;
  }
}
