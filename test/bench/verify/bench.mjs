import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { ratios } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { playRounds, takeTurns } from '../harness/turns.mjs';
import { CONTESTANTS, FLOOR } from './contestants.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const SIZES = [700, 5_000, 100_000];

export async function bench({ node, smoke, rounds }, attempt) {
  const turns = smoke ? { warmUpMs: 20, turnMs: 10, turns: 1 } : { warmUpMs: 500, turnMs: 40, turns: 12 };
  const names = Object.keys(CONTESTANTS);
  const rows = names.map((name) => [name]);
  for (const bytes of SIZES) {
    const start = (name) => Child.start(WORKER, { node, args: [name, String(bytes)] });
    const costs = await playRounds(rounds, names, () => takeTurns(names, start, turns, attempt));
    for (const row of rows) {
      const [name] = row;
      row.push(
        ...(costs.isEmpty
          ? ['–', '–']
          : [figure(costs.of(name)), figure(ratios(costs.of(FLOOR), costs.of(name)))]),
      );
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
