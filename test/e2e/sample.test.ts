import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SAMPLE = fileURLToPath(new URL('../../sample/01-getting-started/dist/', import.meta.url));

it('the first sample receives a delivery of each scheme once, and no forgery, and serves the inspector', async () => {
  const env = { ...process.env, PORT: String(await freePort()), NO_COLOR: '1', NODE_ENV: undefined };
  const sample = spawn(process.execPath, ['--import', `${SAMPLE}main.js`, `${SAMPLE}send.js`], { env });
  let output = '';
  sample.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  sample.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    await new Promise<unknown>((resolve) => {
      sample.stdout.on('data', () => output.includes('/inspector\n') && resolve(output));
      sample.once('exit', resolve);
    });
    const [url = ''] = /http\S+inspector/.exec(output) ?? [];
    expect(await (await fetch(url)).text()).toContain('<title>Scalekit webhooks</title>');
  } finally {
    sample.kill('SIGTERM');
  }
  if (sample.exitCode === null && sample.signalCode === null) {
    await once(sample, 'exit');
  }
  const answers = output.match(/^(?:a |the same).*$/gm);
  expect(answers).toEqual([
    'a delivery signed by "standard"        200 OK',
    'a delivery signed by "timestamped"     200 OK',
    'a delivery signed by "digest"          200 OK',
    'the same event again                   200 Already processed',
    'a forgery                              401 {"statusCode":401,"message":"Invalid signature","error":"Unauthorized"}',
  ]);
  expect(output.match(/'diruser_\w+'/g)).toEqual(["'diruser_ada'", "'diruser_grace'", "'diruser_katherine'"]);
  expect(sample.signalCode).toBe('SIGTERM');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
