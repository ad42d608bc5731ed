import { median } from './statistics.mjs';

/**
 * One round: all contestants live side by side, each in a fresh process, and take turns, so that what the machine does
 * meanwhile hits them alike.
 *
 * @param start starts the process of a contestant; asked with milliseconds, it answers with a figure
 * @returns of each that did not fail the median of its turns, and what it said as it started
 */
export async function takeTurns(names, start, { warmUpMs, turnMs, turns }, attempt) {
  const children = new Map();
  const figures = new Map();
  try {
    for (const name of names) {
      await attempt(name, async () => {
        const child = await start(name);
        children.set(name, child);
        await child.ask(warmUpMs);
        figures.set(name, []);
      });
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const [name, values] of figures) {
        values.push(await children.get(name).ask(turnMs));
      }
    }
  } finally {
    await Promise.all([...children.values()].map((child) => child.stop()));
  }
  return new Map(
    [...figures].map(([name, values]) => [name, { value: median(values), hello: children.get(name).hello }]),
  );
}

/** All rounds: of each name its figures, of those rounds in which nobody failed. */
export async function playRounds(count, names, round) {
  const rounds = [];
  for (let i = 0; i < count; i++) {
    const results = await round();
    if (names.every((name) => results.has(name))) {
      rounds.push(results);
    }
  }
  return {
    isEmpty: rounds.length === 0,
    of: (name, read = ({ value }) => value) => rounds.map((results) => read(results.get(name))),
  };
}
