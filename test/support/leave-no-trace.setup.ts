import timersPromises from 'node:timers/promises';
import { afterAll } from 'vitest';

/** What tests replace and have to put back, as the files of a worker share one process. */
const replaceable = {
  setTimeout: () => setTimeout,
  Date: () => Date,
  'performance.now': () => Reflect.get(performance, 'now') as unknown,
  "setTimeout of 'timers/promises'": () => timersPromises.setTimeout,
};
const kept = globalThis as Record<symbol, Record<string, unknown> | undefined>;
const originals = (kept[Symbol.for('test:originals')] ??= valuesNow());

afterAll(() => {
  const now = valuesNow();
  const changed = Object.keys(replaceable).filter((name) => now[name] !== originals[name]);
  if (changed.length > 0) {
    throw new Error(`This file has left ${changed.join(' and ')} replaced, for all files after it.`);
  }
});

function valuesNow(): Record<string, unknown> {
  return Object.fromEntries(Object.entries(replaceable).map(([name, value]) => [name, value()]));
}
