import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../../../lib/events/envelope.js';

describe('deepFreeze', () => {
  it('freezes objects and arrays at every level', () => {
    const value = { list: [{ name: 'x' }, [1]], none: null };

    expect(deepFreeze(value, 10)).toBe(true);

    for (const part of [value, value.list, ...value.list]) expect(Object.isFrozen(part)).toBe(true);
  });

  it.each([
    ['a string', 0, 'x'],
    ['null', 0, null],
    ['an empty array', 1, []],
    ['an object of strings', 1, { a: 'x' }],
    ['an array in an object', 2, { a: [] }],
    ['a shallow field before a deeper one', 3, { a: {}, b: [[]] }],
  ])('counts the levels of %s: %i', (_name, levels, value) => {
    expect(deepFreeze(value, levels)).toBe(true);
    if (levels > 0) expect(deepFreeze(value, levels - 1)).toBe(false);
  });

  it('freezes what an own __proto__ holds', () => {
    const value = JSON.parse('{"__proto__":{"list":[1]}}') as object;

    deepFreeze(value, 10);

    const own = Object.getOwnPropertyDescriptor(value, '__proto__')?.value as { list: unknown };
    expect(Object.isFrozen(own)).toBe(true);
    expect(Object.isFrozen(own.list)).toBe(true);
    expect(Object.isFrozen(Object.prototype)).toBe(false);
  });

  it('stops at the deepest level however deep the value goes', () => {
    const levels = 500_000;
    const value: unknown = JSON.parse('['.repeat(levels) + ']'.repeat(levels));

    expect(deepFreeze(value, 200)).toBe(false);
  });
});
