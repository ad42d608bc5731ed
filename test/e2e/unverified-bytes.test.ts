import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { chunk, CHUNKED, postHead, RawConnection, rawPost } from '../support/raw-connection.js';
import { Recorder } from '../support/recorder.js';
import { contentLength, eventOfSize, signed } from '../support/upload-target.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const PROCESS = fileURLToPath(new URL('../support/upload-process.mjs', import.meta.url));
const MIB = 1_048_576;

describe.each(PLATFORMS)('bodies that are not verified yet, on $platform', ({ platform, adapter }) => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) {
      await close();
    }
  });

  const start = async (maxUnverifiedBytes: number) => {
    const server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { maxBodyBytes: 1_000, maxUnverifiedBytes },
      providers: [Recorder],
    });
    closing.push(() => server.close());
    const open = async (...pieces: (string | Uint8Array)[]) => {
      const connection = await RawConnection.open(server);
      closing.push(() => connection.abort());
      await connection.send(...pieces);
      return connection;
    };
    return { server, open };
  };

  it('have a bound together: the upload that stalls the longest is answered 503 with Retry-After', async () => {
    const { server, open } = await start(2_000);
    const stalled = [
      await open(postHead(contentLength(1_000)), Buffer.alloc(900)),
      await open(postHead(CHUNKED), chunk(Buffer.alloc(900))),
    ] as const;
    const body = eventOfSize(800);
    const genuine = await open(rawPost(signed(body), body));
    expect(await genuine.answer()).toMatchObject({ status: 200, body: 'OK' });
    const evicted = await stalled[0].answer();
    expect(evicted).toMatchObject({ status: 503 });
    expect(evicted.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(
      server.logs.matching(/^warn: \[default\] too_many_unverified: .*2000 bytes.*maxUnverifiedBytes/),
    ).toHaveLength(1);
    await stalled[1].send(chunk(Buffer.alloc(100)), '0\r\n\r\n');
    expect((await stalled[1].answer()).status).toBe(401);
  });

  it('count no longer once they are verified, refused or given up', async () => {
    const { server, open } = await start(1_000);
    for (let i = 0; i < 5; i++) {
      const body = eventOfSize(900);
      expect((await server.post(body, { ...signWebhook({ body, secret: SECRET }) })).status).toBe(200);
      expect((await server.post(body, {})).status).toBe(401);
      expect((await server.post('x'.repeat(1_001), {})).status).toBe(413);
      await (await open(postHead(contentLength(1_000)), Buffer.alloc(900))).abort();
    }
    expect(server.logs.matching(/too_many_unverified/)).toEqual([]);
  });

  it('of maxBodyBytes always have room', async () => {
    const { server } = await start(1);
    const body = eventOfSize(1_000);
    expect((await server.post(body, { ...signWebhook({ body, secret: SECRET }) })).status).toBe(200);
  });

  it('take little memory, however many senders stall one byte before the end', async () => {
    const child = fork(PROCESS, [JSON.stringify({ secret: SECRET, platform })]);
    closing.push(async () => {
      child.kill();
      await once(child, 'exit');
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const before = await memoryOf(child);
    const body = Buffer.alloc(MIB - 1, 'x');
    const sockets = await Promise.all(Array.from({ length: 500 }, () => stall(port, body)));
    closing.push(() => {
      sockets.forEach((socket) => socket.destroy());
    });
    // Buffers that were given up are freed by the next collection of garbage.
    const grown = async (of: keyof Memory) => ((await memoryOf(child))[of] - before[of]) / MIB;
    await expect.poll(() => grown('arrayBuffers'), { timeout: 20_000 }).toBeLessThan(100);
    expect(await grown('rss')).toBeLessThan(400);

    const event = JSON.stringify(anEvent());
    const answer = await fetch(`http://127.0.0.1:${port}/webhooks/scalekit`, {
      method: 'POST',
      body: event,
      headers: { ...signWebhook({ body: event, secret: SECRET }) },
    });
    expect([answer.status, await answer.text()]).toEqual([200, 'OK']);
  });
});

interface Memory {
  readonly rss: number;
  readonly arrayBuffers: number;
}

async function memoryOf(child: ChildProcess): Promise<Memory> {
  child.send('memory');
  const [memory] = (await once(child, 'message')) as [Memory];
  return memory;
}

/** Sends all of a body but its last byte. Resolves when the system has taken it, or the server has answered. */
async function stall(port: number, body: Buffer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(postHead(contentLength(body.length + 1)));
  await new Promise<void>((resolve) => {
    socket.once('data', () => {
      resolve();
    });
    socket.once('close', () => {
      resolve();
    });
    socket.write(body, () => {
      resolve();
    });
  });
  return socket;
}
