import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { BullMqBench } from '../support/bullmq-app.js';
import { eventually } from '../support/queue-bench.js';

const SAMPLE = fileURLToPath(new URL('../../sample/02-bullmq/dist/', import.meta.url));
const RECEIVE_AND_SEND = ['--import', `${SAMPLE}main.js`, `${SAMPLE}send.js`];
const bench = BullMqBench.forThisFile();
const children: ChildProcess[] = [];
let output: string;

function start(args: readonly string[], role: string, port: number): void {
  const env = {
    ...process.env,
    REDIS_URL: bench.server.url,
    PORT: String(port),
    ROLE: role,
    NO_COLOR: '1',
  };
  const child = spawn(process.execPath, args, { env });
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  children.push(child);
}

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

it.each([
  ['in one process', [[RECEIVE_AND_SEND, 'both']]],
  [
    'as a receiver and a worker',
    [
      [[`${SAMPLE}main.js`], 'work'],
      [RECEIVE_AND_SEND, 'receive'],
    ],
  ],
] as [string, [string[], string][]][])(
  'the second sample queues events and handles them, %s',
  async (_, parts) => {
    output = '';
    const port = await freePort();
    for (const [args, role] of parts) {
      start(args, role, port);
    }
    await eventually(() => output.match(/diruser_\d+ is welcome, at attempt \d/g)?.length).toBe(1);
    await eventually(() =>
      output.match(/^(?:a |the ).*$/gm)?.map((line) => line.replace(/ {2,}/, ': ')),
    ).toEqual([
      'a user is created: 200 OK',
      'the same event again: 200 Already accepted',
      'the user is deactivated: 200 OK',
    ]);
    await eventually(() => output.match(/diruser_\d+ is (?:in)?active/g)?.at(-1)).toMatch(/is inactive$/);
    expect(output).toMatch(/diruser_\d+ is welcome, at attempt 2/);
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
