import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { ratios } from '../harness/statistics.mjs';
import { figure, table, thousands } from '../harness/table.mjs';
import { playRounds, takeTurns } from '../harness/turns.mjs';
import { benchAcks } from './acks/bench.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { startServers } from './servers.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
export async function bench(options, attempt) {
  return [...(await benchStores(options, attempt)), ...(await benchAcks(options, attempt))];
}

async function benchStores({ node, smoke, rounds }, attempt) {
  const turns = smoke ? { warmUpMs: 50, turnMs: 50, turns: 1 } : { warmUpMs: 1_500, turnMs: 300, turns: 7 };
  const names = Object.keys(CONTESTANTS);
  const servers = await startServers();
  try {
    const urls = { redis: await servers.open.redis(), postgres: await servers.open.postgres() };
    const start = (name) => {
      const url = urls[CONTESTANTS[name].server];
      return Child.start(WORKER, { node, args: url ? [name, url] : [name] });
    };
    const rates = await playRounds(rounds, names, () => takeTurns(names, start, turns, attempt));
    return rates.isEmpty ? [] : [report(names, rates.of)];
  } finally {
    await servers.stop();
  }
}

function report(names, rates) {
  const rows = names.map((name) => {
    const { beside } = CONTESTANTS[name];
    return [name, thousands(rates(name)), beside ? figure(ratios(rates(name), rates(beside))) : ''];
  });
  return {
    title: 'Claiming and completing events',
    notes: [
      'Thousands of events a second with 50 at a time, in one process, on one client or pool; × bare: beside the bare ' +
        'commands above it. PostgreSQL with fsync, Redis without. A server on the same machine.',
    ],
    table: table(['stores', 'thousand/s', '× bare'], rows),
  };
}
