import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PgBossBench } from '../support/pg-boss-app.js';
import { eventually } from '../support/queue-bench.js';

const SAMPLE = fileURLToPath(new URL('../../sample/03-postgres/dist/', import.meta.url));
const RECEIVE_AND_SEND = ['--import', `${SAMPLE}main.js`, `${SAMPLE}send.js`];
const bench = PgBossBench.forThisFile();
const children: ChildProcess[] = [];
let folder: string;
let output: string;

function start(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { DATABASE_URL: _url, ...rest } = process.env;
  const child = spawn(process.execPath, args, { env: { ...rest, ...env, NO_COLOR: '1' } });
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  children.push(child);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-boss-sample-'));
  output = '';
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
  rmSync(folder, { recursive: true });
});

it.each([
  ['in one process without a server', false, [[RECEIVE_AND_SEND, 'both']]],
  ['in one process with a server', true, [[RECEIVE_AND_SEND, 'both']]],
  [
    'as a receiver and a worker',
    true,
    [
      [[`${SAMPLE}main.js`], 'work'],
      [RECEIVE_AND_SEND, 'receive'],
    ],
  ],
] as [string, boolean, [string[], string][]][])(
  'the third sample queues events and handles them, %s',
  async (_, onServer, parts) => {
    const database = onServer
      ? { DATABASE_URL: await bench.server.createDatabase() }
      : { DATABASE_FOLDER: join(folder, 'data') };
    const PORT = String(await freePort());
    for (const [args, ROLE] of parts) {
      start(args, { ...database, PORT, ROLE });
    }
    await eventually(() => output.match(/diruser_\d+ has taken a seat, at attempt 2/g)?.length).toBe(1);
    await eventually(() =>
      output.match(/^(?:a user|the same|the user) .*$/gm)?.map((line) => line.replace(/ {2,}/, ': ')),
    ).toEqual([
      'a user is created: 200 OK',
      'the same event again: 200 Already accepted',
      'the user is deactivated: 200 OK',
    ]);
    await eventually(() => output.match(/diruser_\d+ is (?:in)?active/g)?.at(-1)).toMatch(/is inactive$/);
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
