import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratios } from '../harness/statistics.mjs';
import { figure, table } from '../harness/table.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { SENDERS, writeDeliveries } from './deliveries.mjs';
import { requireWrk } from './load.mjs';
import { deliveriesFor, measure } from './measure.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

async function round(folder, options, attempt) {
  const count = deliveriesFor(options);
  const files = {};
  for (const sender of Object.keys(SENDERS)) {
    const file = join(folder, sender);
    files[sender] = { file, length: writeDeliveries(file, sender, count) };
  }
  const results = new Map();
  for (const [name, { file, platform, sender }] of Object.entries(CONTESTANTS)) {
    const args = platform ? [file, platform] : [file];
    const isForged = sender === 'forger';
    await attempt(`http: ${name}`, async () => {
      results.set(name, await measure(WORKER, args, files[sender], { ...options, isForged }));
    });
  }
  return results;
}

export async function bench({ smoke, rounds: roundCount, node }, attempt) {
  requireWrk();
  const options = {
    node,
    ...(smoke ? { warmUp: 500, requests: 2_000 } : { warmUp: 10_000, requests: 30_000 }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'bench-http-'));
  const rounds = [];
  try {
    for (let i = 0; i < roundCount; i++) {
      rounds.push(await round(folder, options, attempt));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const complete = rounds.filter((results) => results.size === Object.keys(CONTESTANTS).length);
  return complete.length === 0 ? [] : [costs(complete), latencies(complete)];
}

const column = (rounds, name, metric) => rounds.map((results) => results.get(name)[metric]);

function costs(rounds) {
  const rows = Object.entries(CONTESTANTS).map(([name, { bare, byHand }]) => {
    const cpu = (of) => column(rounds, of, 'cpu');
    const rate = (of) => column(rounds, of, 'rate');
    return [
      name,
      figure(cpu(name), 3),
      figure(ratios(cpu(bare), cpu(name))),
      figure(ratios(cpu(byHand), cpu(name))),
      figure(rate(name), 0),
      figure(ratios(rate(name), rate(bare))),
    ];
  });
  return {
    title: 'Receiving one delivery over HTTP',
    notes: [
      '0.7 KB, signed, every id once, 50 kept-alive connections. CPU: seconds of the server process for 1,000 requests; ' +
        '× bare, × by hand: how many times the requests of the bare and the hand-written route of the same platform, by ' +
        'processor time, and × bare by requests a second. Ours with a subscriber to the lifecycle channels, and ours with the inspector, are compared with ours. ' +
        'The load runs on the same machine.',
    ],
    table: table(['http', 'CPU s', '× bare', '× by hand', 'req/s', '× bare, by req/s'], rows),
  };
}

function latencies(rounds) {
  const rows = Object.keys(CONTESTANTS).map((name) => [
    name,
    figure(column(rounds, name, 'p50'), 1),
    figure(column(rounds, name, 'p99'), 1),
    figure(column(rounds, name, 'memory'), 0),
  ]);
  return {
    title: 'Latency under full load, and peak memory',
    notes: [
      'Milliseconds with 50 requests always under way; memory: peak resident size of the server, in MiB.',
    ],
    table: table(['http', 'p50 ms', 'p99 ms', 'MiB'], rows),
  };
}
