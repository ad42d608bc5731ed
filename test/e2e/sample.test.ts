import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

it('the first sample receives a delivery of each scheme once, and no forgery, and serves the inspector', async () => {
  await receivesEachOnce(join(ROOT, 'sample/01-getting-started/dist'));
});

it('the first sample does so, too, as `npm start` bundles it', async () => {
  // Within the repository, so that the bundle finds its packages.
  const target = mkdtempSync(join(ROOT, 'node_modules', '.sample-'));
  try {
    const script = join(ROOT, 'tools/build-sample.mjs');
    await promisify(execFile)(process.execPath, [script, '01-getting-started', target]);
    await receivesEachOnce(target);
  } finally {
    rmSync(target, { recursive: true });
  }
});

async function receivesEachOnce(folder: string): Promise<void> {
  const env = { ...process.env, PORT: String(await freePort()), NO_COLOR: '1', NODE_ENV: undefined };
  const sample = spawn(process.execPath, ['--import', join(folder, 'main.js'), join(folder, 'send.js')], {
    env,
  });
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
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
