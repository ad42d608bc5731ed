import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { anyPostgres } from '../support/postgres-server.js';
import { eventually } from '../support/queue-bench.js';
import { anyRedis } from '../support/redis-server.js';

/** PGlite takes long to make its database on a busy machine. */
vi.setConfig({ testTimeout: 180_000 });

const folder = mkdtempSync(join(tmpdir(), 'samples-'));
const children: ChildProcess[] = [];
let redis: Awaited<ReturnType<typeof anyRedis>>;
let postgres: Awaited<ReturnType<typeof anyPostgres>>;
let output = '';

beforeAll(async () => {
  [redis, postgres] = await Promise.all([anyRedis(), anyPostgres({ fsync: false })]);
});
afterEach(async () => {
  const signals = children.splice(0).map(async (child) => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    return child.signalCode;
  });
  for (const signal of await Promise.all(signals)) {
    expect(signal).toBe('SIGTERM');
  }
});
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(folder, { recursive: true });
});

const onRedis = () => Promise.resolve({ REDIS_URL: redis.url });
const onPostgres = async () => ({ DATABASE_URL: await postgres.createDatabase() });
const onPglite = () => Promise.resolve({ DATABASE_FOLDER: join(folder, 'data') });

describe.each([
  ['02-bullmq', onRedis, /diruser_\d+ is welcome, at attempt 2/],
  ['03-postgres', onPostgres, /diruser_\d+ has taken a seat, at attempt 2/],
  ['03-postgres without a server', onPglite, /diruser_\d+ has taken a seat, at attempt 2/],
] as const)('sample %s queues events and handles them', (name, connect, retried) => {
  const dist = fileURLToPath(new URL(`../../sample/${name.split(' ')[0]}/dist/`, import.meta.url));
  const receiveAndSend = ['--import', `${dist}main.js`, `${dist}send.js`];
  const inOne = ['in one process', [{ role: 'both', args: receiveAndSend }]] as const;
  const inTwo = [
    'as a receiver and a worker',
    [
      { role: 'work', args: [`${dist}main.js`] },
      { role: 'receive', args: receiveAndSend },
    ],
  ] as const;

  it.each(name.includes('without') ? [inOne] : [inOne, inTwo])('%s', async (_, processes) => {
    output = '';
    const { DATABASE_URL: _url, REDIS_URL: _redis, ...rest } = process.env;
    const env = { ...rest, ...(await connect()), PORT: String(await freePort()), NO_COLOR: '1' };
    for (const { role, args } of processes) {
      const child = spawn(process.execPath, args, { env: { ...env, ROLE: role } });
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
      children.push(child);
    }
    await expect.poll(() => output, { timeout: 100_000 }).toMatch(retried);
    await eventually(() =>
      output.match(/^(?:a user|the same|the user) .*$/gm)?.map((line) => line.replace(/ {2,}/, ': ')),
    ).toEqual([
      'a user is created: 200 OK',
      'the same event again: 200 Already accepted',
      'the user is deactivated: 200 OK',
    ]);
    await eventually(() => output.match(/diruser_\d+ is (?:in)?active/g)?.at(-1)).toMatch(/is inactive$/);
    expect(output.match(new RegExp(retried, 'g'))).toHaveLength(1);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
