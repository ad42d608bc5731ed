import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { median } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { footprints } from './footprint.mjs';
import { KINDS } from './kinds.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** A start is short and uneven. */
const STARTS_A_ROUND = 4;
const METRICS = ['ms', 'cpuMs'];

async function startOnce(kind, node) {
  const child = await Child.start(WORKER, { node, args: [kind] });
  await child.stop();
  return child.hello;
}

export async function bench({ node, smoke, rounds }, attempt) {
  const times = new Map(Object.keys(KINDS).map((kind) => [kind, []]));
  const starts = smoke ? 1 : 1 + rounds * STARTS_A_ROUND;
  for (let i = 0; i < starts; i++) {
    for (const [kind, values] of times) {
      await attempt(`boot: ${kind}`, async () => values.push(await startOnce(kind, node)));
    }
  }
  const measured = new Map([...times].map(([kind, values]) => [kind, smoke ? values : values.slice(1)]));
  const rows = [...measured]
    .filter(([, values]) => values.length > 0)
    .map(([kind, values]) => [
      kind,
      ...METRICS.flatMap((metric) => [
        figure(
          values.map((value) => value[metric]),
          1,
        ),
        added(measured, kind, metric),
      ]),
    ]);
  const boot = {
    title: 'Starting an app',
    notes: [
      'Milliseconds from the start of the process until it listens, or of the import alone, by the clock and by the ' +
        'processor; the first start is thrown away. Added: median beside median of the app without the module.',
    ],
    table: table(['boot', 'ms', 'added', 'processor ms', 'added'], rows),
  };
  if (smoke) {
    return [boot];
  }
  const installed = [];
  await attempt('boot: footprint', async () => installed.push(...(await footprints())));
  return [
    boot,
    {
      title: 'What an app installs besides',
      notes: ['Packages and MB that npm adds to a Nest app (common, core, platform-express).'],
      table: table(['installed', 'packages', 'MB'], installed),
    },
  ];
}

function added(measured, kind, metric) {
  const middle = (of) => median(measured.get(of).map((value) => value[metric]));
  const { above } = KINDS[kind];
  return above && measured.get(above).length > 0 ? (middle(kind) - middle(above)).toFixed(1) : '';
}
