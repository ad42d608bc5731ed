import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.mjs';
import { importTypeScript } from '../harness/import-typescript.mjs';
import { ratios } from '../harness/statistics.mjs';
import { figure, table, thousands } from '../harness/table.mjs';
import { playRounds, takeTurns } from '../harness/turns.mjs';
import { CONTESTANTS } from './contestants.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const support = (file) => new URL(`../../support/${file}`, import.meta.url);

/** Servers of our own. PostgreSQL syncs each commit to the disk, Redis writes nothing to it. */
async function startServers() {
  const { RedisServer } = await importTypeScript(support('redis-server.ts'));
  const { PostgresServer } = await importTypeScript(support('postgres-server.ts'));
  const redis = await RedisServer.start();
  try {
    const postgres = await PostgresServer.start();
    return {
      urls: { redis: redis.url, postgres: await postgres.createDatabase() },
      stop: () => Promise.all([redis.stop(), postgres.stop()]),
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

export async function bench({ node, smoke, rounds }, attempt) {
  const turns = smoke ? { warmUpMs: 50, turnMs: 50, turns: 1 } : { warmUpMs: 1_500, turnMs: 300, turns: 7 };
  const names = Object.keys(CONTESTANTS);
  const servers = await startServers();
  try {
    const start = (name) => {
      const url = servers.urls[CONTESTANTS[name].server];
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
