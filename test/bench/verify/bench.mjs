import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { median, ratios } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { CONTESTANTS, FLOOR } from './contestants.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const SIZES = [700, 5_000, 100_000];

/** All contestants live side by side and take turns of a few milliseconds. */
async function round(bytes, { node, smoke }, attempt) {
  const [warmUpMs, turnMs, turns] = smoke ? [20, 10, 1] : [500, 40, 12];
  const running = new Map();
  const costs = new Map();
  try {
    for (const name of Object.keys(CONTESTANTS)) {
      await attempt(`verify ${bytes} B: ${name}`, async () => {
        const child = await Child.start(WORKER, { node, args: [name, String(bytes)] });
        running.set(name, child);
        await child.ask(warmUpMs);
        costs.set(name, []);
      });
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const [name, values] of costs) {
        values.push(await running.get(name).ask(turnMs));
      }
    }
  } finally {
    await Promise.all([...running.values()].map((child) => child.stop()));
  }
  return new Map([...costs].map(([name, values]) => [name, median(values)]));
}

export async function bench(options, attempt) {
  const rows = Object.keys(CONTESTANTS).map((name) => [name]);
  for (const bytes of SIZES) {
    const rounds = [];
    for (let i = 0; i < options.rounds; i++) {
      rounds.push(await round(bytes, options, attempt));
    }
    for (const row of rows) {
      const costs = (name) => rounds.map((costs) => costs.get(name)).filter((cost) => cost !== undefined);
      const own = costs(row[0]);
      row.push(...(own.length === 0 ? ['–', '–'] : [figure(own), figure(ratios(costs(FLOOR), own))]));
    }
  }
  const head = ['verify', ...SIZES.flatMap((bytes) => [`${bytes / 1_000} KB: µs`, '× floor'])];
  return [
    {
      title: 'Verifying one delivery',
      notes: [
        'Microseconds of processor time a verification, from the bytes and the headers as Node hands them over; ' +
          '× floor: how fast beside the first row in the same round (1 is as fast). stripe, standardwebhooks and svix ' +
          'parse the JSON, too; octokit checks no time.',
      ],
      table: table(head, rows),
    },
  ];
}
