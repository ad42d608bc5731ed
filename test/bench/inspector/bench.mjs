import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { ratios } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { startServers } from '../stores/servers.mjs';
import { readPage, sendSteadily } from './load.mjs';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));
const PER_SECOND = 500;

/** Each beside the one that it is compared with. */
const CONTESTANTS = {
  'memory store': { store: 'memory', inspector: 'without' },
  'memory store, with the inspector': { store: 'memory', inspector: 'with' },
  'memory store, with the inspector and a page': { store: 'memory', inspector: 'with', hasPage: true },
  'Redis store': { store: 'redis', inspector: 'without' },
  'Redis store, with the inspector': { store: 'redis', inspector: 'with' },
  'PostgreSQL store': { store: 'postgres', inspector: 'without' },
  'PostgreSQL store, with the inspector': { store: 'postgres', inspector: 'with' },
};
const plainOf = (name) => name.split(',')[0];

/** All live side by side and take turns, so that what the machine does meanwhile hits them alike. */
export async function bench({ smoke, node }, attempt) {
  const { turns, turnMs } = smoke ? { turns: 1, turnMs: 500 } : { turns: 12, turnMs: 5_000 };
  const servers = await startServers();
  const running = new Map();
  try {
    for (const [name, { store, inspector, hasPage }] of Object.entries(CONTESTANTS)) {
      await attempt(`inspector: ${name}`, async () => {
        const url = store === 'memory' ? '' : await servers.open[store]();
        const args = [store, url, inspector];
        const child = await Child.start(SERVER, { node, args, nodeOptions: ['--expose-gc'] });
        const page = hasPage && (await readPage(child.hello));
        running.set(name, { child, page, seen: [] });
        await sendSteadily(child.hello, PER_SECOND, turnMs);
      });
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const { child, seen } of running.values()) {
        seen.push(await takeTurn(child, turnMs));
      }
    }
    return [report(running, turns * turnMs)];
  } finally {
    for (const { child, page } of running.values()) {
      await page?.();
      await child.stop();
    }
    await servers.stop();
  }
}

async function takeTurn(child, ms) {
  const before = await child.ask('usage');
  const times = await sendSteadily(child.hello, PER_SECOND, ms);
  const after = await child.ask('usage');
  return {
    cpu: ((after.cpuSeconds - before.cpuSeconds) * 1_000) / (after.handled - before.handled),
    p50: times[Math.floor(times.length / 2)],
    p99: times[Math.floor(times.length * 0.99)],
    heap: await child.ask('heap'),
  };
}

function report(running, ms) {
  const rows = [...running].map(([name, { seen }]) => {
    const of = (metric, each = seen) => each.map((turn) => turn[metric]);
    const plain = running.get(plainOf(name)).seen;
    const heap = of('heap');
    return [
      name,
      figure(of('cpu'), 3),
      figure(ratios(of('cpu', plain), of('cpu'))),
      figure(of('p50'), 1),
      figure(of('p99'), 1),
      `${heap[0].toFixed(1)} → ${heap.at(-1).toFixed(1)}`,
    ];
  });
  return {
    title: `Receiving ${PER_SECOND} deliveries a second, with the inspector`,
    notes: [
      `${ms / 1_000} s each, in turns. CPU: seconds of the server process for 1,000 deliveries; × without: processor time without ` +
        'the inspector, of the same store, divided by that with it. Heap: MiB in use after a collection, in the first and in the last turn.',
    ],
    table: table(['inspector', 'CPU s', '× without', 'p50 ms', 'p99 ms', 'heap MiB'], rows),
  };
}
