import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratios } from '../../harness/statistics.mjs';
import { figure, table } from '../../harness/table.mjs';
import { playRounds } from '../../harness/turns.mjs';
import { writeDeliveries } from '../../http/deliveries.mjs';
import { requireWrk } from '../../http/load.mjs';
import { deliveriesFor, measure } from '../../http/measure.mjs';
import { startServers } from '../servers.mjs';
import { CONTESTANTS } from './contestants.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** One after the other, each with a fresh process and an empty database. */
async function round(names, options, attempt) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-acks-'));
  const results = new Map();
  const servers = await startServers();
  try {
    const file = join(folder, 'deliveries');
    const length = writeDeliveries(file, 'scalekit', deliveriesFor(options));
    for (const name of names) {
      await attempt(`stores: ${name}`, async () => {
        const { server, file: script, way } = CONTESTANTS[name];
        const args = server ? [script, way, await servers.open[server]()] : [script, way];
        results.set(name, await measure(WORKER, args, { file, length }, options));
      });
    }
  } finally {
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

export async function benchAcks({ node, smoke, rounds }, attempt) {
  requireWrk();
  const options = { node, ...(smoke ? { warmUp: 100, requests: 400 } : { warmUp: 1_000, requests: 4_000 }) };
  const names = Object.keys(CONTESTANTS);
  const results = await playRounds(rounds, names, () => round(names, options, attempt));
  return results.isEmpty ? [] : [report(names, results.of)];
}

function report(names, of) {
  const rows = names.map((name) => {
    const { beside, server } = CONTESTANTS[name];
    const column = (metric, whose = name) => of(whose, (result) => result[metric]);
    const [rate, cpu] = [column('rate'), column('cpu')];
    return [
      name,
      figure(rate, 0),
      beside ? figure(ratios(rate, column('rate', beside))) : '',
      figure(cpu, 3),
      beside ? figure(ratios(column('cpu', beside), cpu)) : '',
      figure(column('p99'), 1),
      server === 'postgres' ? figure(column('commits')) : '',
    ];
  });
  return {
    title: 'Answering once the event is queued',
    notes: [
      '0.7 KB, signed, every id once, 50 kept-alive connections, Nest 12 on Express, the workers elsewhere. By hand is a ' +
        'guard, an interceptor and one job a request; × by hand: beside the first such route of the same queue. The first row queues nothing: the limit of the platform. CPU: ' +
        'seconds of the receiving process for 1,000 requests. Commits: transactions that wrote, a delivery, in the database of the queue. Load and servers run on the same machine.',
    ],
    table: table(['acks', 'req/s', '× by hand', 'CPU s', '× by hand, by CPU', 'p99 ms', 'commits'], rows),
  };
}
