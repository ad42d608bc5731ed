import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { ratios } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { playRounds, takeTurns } from '../harness/turns.mjs';
import { LABELS, NODE_OPTIONS } from './settings.mjs';
import { benchRequests } from './requests.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

const SIZES = {
  exact: [1, 100, 10_000],
  wildcard: [1, 100, 10_000],
  ids: [1_000, 100_000, 1_000_000, 5_000_000],
};
/** The weight of fewer drowns in what else the heap does. */
const FEWEST_TO_WEIGH = 100_000;
const SMOKE_SIZES = { exact: [1, 1_000], wildcard: [1, 1_000], ids: [1_000, 100_000] };

export async function bench({ node, smoke, rounds }, attempt) {
  const start = (kind, ...sizes) =>
    Child.start(WORKER, { node, nodeOptions: NODE_OPTIONS, args: [kind, ...sizes.map(String)] });
  const turns = smoke ? { warmUpMs: 50, turnMs: 50, turns: 1 } : { warmUpMs: 1_500, turnMs: 100, turns: 9 };
  const rows = [];
  for (const [kind, sizes] of Object.entries(smoke ? SMOKE_SIZES : SIZES)) {
    const names = sizes.map(String);
    const round = () =>
      takeTurns(
        names,
        (size) => start(kind, size),
        turns,
        (size, work) => attempt(`${size} ${LABELS[kind]}`, work),
      );
    const costs = await playRounds(rounds, names, round);
    if (!costs.isEmpty) {
      rows.push(...names.map((size) => row(kind, size, names[0], costs.of)));
    }
  }
  const head = ['scale', 'µs a delivery', '× the smallest', 'bytes an id'];
  return [
    {
      title: 'What a delivery costs as the app grows, without HTTP',
      notes: [
        'Microseconds of processor time from the bytes to the answer, without the request around it; the memory store ' +
          'is full, so each new id displaces the oldest.',
      ],
      table: table(head, rows),
    },
    ...(await benchRequests({ node, smoke, rounds }, attempt)),
    await heap(start, smoke, attempt),
  ];
}

function row(kind, size, smallest, of) {
  const growth = figure(ratios(of(size), of(smallest)));
  const bytes =
    kind === 'ids'
      ? figure(
          of(size, ({ hello }) => hello.bytesPerId),
          0,
        )
      : '';
  return [`${Number(size).toLocaleString('en')} ${LABELS[kind]}`, figure(of(size), 1), growth, bytes];
}

/** Does anything of a delivery stay? */
async function heap(start, smoke, attempt) {
  const counts = smoke ? [1_000, 5_000] : [200_000, 500_000, 1_000_000];
  const rows = [];
  await attempt('heap after many deliveries', async () => {
    const child = await start('heap');
    try {
      const heaps = await child.ask(counts);
      rows.push(
        ...counts.map((count, index) => [count.toLocaleString('en'), (heaps[index] / 2 ** 20).toFixed(1)]),
      );
    } finally {
      await child.stop();
    }
  });
  return {
    title: 'Heap after many deliveries',
    notes: ['MiB after a garbage collection, with the defaults: 100,000 ids are remembered.'],
    table: table(['deliveries', 'MiB'], rows),
  };
}
