import { describe, expect, it } from 'vitest';
import { type Linked, LinkedList } from '../../../lib/shared/linked-list.js';

class Item implements Linked<Item> {
  previous: Item | undefined;
  next: Item | undefined;
}

describe('LinkedList', () => {
  it('holds its items in the order in which they were added', () => {
    const list = new LinkedList<Item>();
    const items = [new Item(), new Item(), new Item()];
    items.forEach((item) => {
      list.add(item);
    });
    expect(list.toArray()).toEqual(items);
    expect(list.first).toBe(items[0]);
  });

  it.each([
    ['first', 0],
    ['middle', 1],
    ['last', 2],
  ])('gives up its %s item once, and may have it again', (_, index) => {
    const list = new LinkedList<Item>();
    const items = [new Item(), new Item(), new Item()];
    items.forEach((item) => {
      list.add(item);
    });
    const [removed] = items.splice(index, 1);
    if (!removed) {
      throw new Error('Nothing to remove.');
    }
    expect(list.remove(removed)).toBe(true);
    expect(list.remove(removed)).toBe(false);
    expect(list.has(removed)).toBe(false);
    expect(list.toArray()).toEqual(items);

    list.add(removed);
    expect(list.toArray()).toEqual([...items, removed]);
  });

  it('is empty after the last item', () => {
    const list = new LinkedList<Item>();
    const item = new Item();
    list.add(item);
    expect([list.isEmpty, list.has(item)]).toEqual([false, true]);
    list.remove(item);
    expect([list.isEmpty, list.has(item), list.first]).toEqual([true, false, undefined]);
  });

  it('leaves no pointer on an item that it has given up', () => {
    const list = new LinkedList<Item>();
    const items = [new Item(), new Item(), new Item()];
    items.forEach((item) => {
      list.add(item);
    });
    items.forEach((item) => {
      list.remove(item);
    });
    expect(items.flatMap(({ previous, next }) => [previous, next]).every((item) => item === undefined)).toBe(
      true,
    );
  });
});
