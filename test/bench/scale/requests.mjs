import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratios } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { playRounds } from '../harness/turns.mjs';
import { writeDeliveries } from '../http/deliveries.mjs';
import { requireWrk } from '../http/load.mjs';
import { deliveriesFor, measure } from '../http/measure.mjs';
import { LABELS, NODE_OPTIONS } from './settings.mjs';

const WORKER = fileURLToPath(new URL('../http/worker.mjs', import.meta.url));
const SERVER = new URL('server.mjs', import.meta.url).href;

/** The smallest and the greatest. */
const ENDS = { exact: [1, 10_000], wildcard: [1, 10_000], ids: [1_000, 5_000_000] };
const SMOKE_ENDS = { exact: [1, 100], wildcard: [1, 100], ids: [1_000, 10_000] };

/** Over HTTP, a fresh server a measurement. */
export async function benchRequests({ node, smoke, rounds }, attempt) {
  requireWrk();
  const options = {
    node,
    nodeOptions: NODE_OPTIONS,
    ...(smoke ? { warmUp: 100, requests: 400 } : { warmUp: 10_000, requests: 30_000 }),
  };
  const contestants = Object.entries(smoke ? SMOKE_ENDS : ENDS).flatMap(([kind, [smallest, greatest]]) =>
    [smallest, greatest].map((size) => ({
      kind,
      size,
      name: `${size.toLocaleString('en')} ${LABELS[kind]}`,
      beside: `${smallest.toLocaleString('en')} ${LABELS[kind]}`,
    })),
  );
  const folder = mkdtempSync(join(tmpdir(), 'bench-scale-'));
  try {
    const file = join(folder, 'deliveries');
    const round = async () => {
      const deliveries = {
        file,
        length: writeDeliveries(file, 'scalekit', deliveriesFor(options)),
      };
      const results = new Map();
      for (const { kind, size, name } of contestants) {
        await attempt(`${name}, over HTTP`, async () => {
          const { cpu } = await measure(WORKER, [SERVER, kind, String(size)], deliveries, options);
          results.set(name, { value: cpu * 1_000 });
        });
      }
      return results;
    };
    const names = contestants.map(({ name }) => name);
    const costs = await playRounds(rounds, names, round);
    return costs.isEmpty ? [] : [requestTable(contestants, costs.of)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requestTable(contestants, of) {
  const rows = contestants.map(({ name, beside }) => [
    name,
    figure(of(name), 1),
    figure(ratios(of(name), of(beside))),
  ]);
  return {
    title: 'What a request costs as the app grows',
    notes: ['Microseconds of processor time of the server, on Express, 50 kept-alive connections.'],
    table: table(['scale, over HTTP', 'µs a request', '× the smallest'], rows),
  };
}
