import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { Gate } from '../support/gate.js';
import { clientForTest, REDIS_CLIENTS } from '../support/redis-clients.js';
import { freshPrefix } from '../support/redis-rows.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };
/** For calls that are to be given up. Others have to end within it, on a busy machine, too. */
const HASTY_MS = 1_000;
const UNAVAILABLE = { code: 'store_unavailable' };

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start({ appendOnly: 'always' });
});
afterAll(() => server.stop());

async function acquire(store: RedisIdempotencyStore, key: string) {
  const answer = await store.begin(key, OPTIONS);
  if (answer.status !== 'acquired') {
    throw new Error(`Expected to acquire ${key}, but it is ${answer.status}.`);
  }
  return answer;
}

/** Asks until the store answers. */
async function recovered(store: RedisIdempotencyStore): Promise<void> {
  for (;;) {
    const isBack = await store.renew('nobody', 1, 1).then(
      () => true,
      () => false,
    );
    if (isBack) {
      return;
    }
  }
}

async function proxied(): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.port);
  onTestFinished(() => proxy.stop());
  return proxy;
}

describe.each(REDIS_CLIENTS)('RedisIdempotencyStore on %s', (kind) => {
  const open = async (port: number, timeoutMs: number, keyPrefix = freshPrefix()) =>
    new RedisIdempotencyStore({ client: await clientForTest(kind, port), keyPrefix, timeoutMs });

  it('rejects while the server is paused, and goes on when it is back', async () => {
    const store = await open(server.port, HASTY_MS);
    const held = await acquire(store, 'held');
    server.pause();
    const answers = await Promise.allSettled([
      store.begin('given up', OPTIONS),
      store.renew('held', held.token, OPTIONS.leaseMs),
      store.handlerDone('held', held.token, 'A.one'),
      store.release('held', held.token),
    ]).finally(() => {
      server.resume();
    });
    expect(answers).toMatchObject(answers.map(() => ({ status: 'rejected', reason: UNAVAILABLE })));
    await recovered(store);
    expect(await store.complete('held', held.token, OPTIONS.ttlMs)).toBe(false); // It was released after all.
    expect(await acquire(store, 'held')).toMatchObject({ attempt: 2, handlersDone: ['A.one'] });
  });

  it('releases what a begin acquires that it has given up waiting for', async () => {
    const store = await open(server.port, HASTY_MS);
    server.pause();
    const abandoned = store.begin('a', OPTIONS);
    await expect(abandoned.finally(() => server.resume())).rejects.toMatchObject(UNAVAILABLE);
    await recovered(store);
    expect(await acquire(store, 'a')).toMatchObject({ attempt: 2 });
  });

  it('has the key released before the late answer arrives', async () => {
    const proxy = await proxied();
    const keyPrefix = freshPrefix();
    const [store, other] = await Promise.all([
      open(proxy.port, HASTY_MS, keyPrefix),
      open(server.port, 20_000, keyPrefix),
    ]);
    await recovered(store);
    proxy.hold('replies');
    await expect(store.begin('a', OPTIONS)).rejects.toMatchObject(UNAVAILABLE);
    for (;;) {
      const answer = await other.begin('a', OPTIONS); // The release is on its way.
      if (answer.status === 'acquired') {
        expect(answer.attempt).toBe(2);
        break;
      }
    }
    proxy.release('replies');
    await recovered(store);
    expect(await other.begin('a', OPTIONS)).toMatchObject({ status: 'in_progress' });
  });

  it('rejects while the server is gone, and lets nothing that waited in the client hold a key', async () => {
    const store = await open(server.port, HASTY_MS);
    const { token } = await acquire(store, 'held');
    await server.kill();
    for (let retry = 0; retry < 3; retry++) {
      await expect(store.begin('a', OPTIONS)).rejects.toThrow();
    }
    await server.restart();
    await recovered(store);
    await acquire(store, 'a');
    expect(await store.complete('held', token, OPTIONS.ttlMs)).toBe(true);
    expect(await store.begin('held', OPTIONS)).toEqual({ status: 'done', fingerprint: 7 });
  });

  it('leaves nothing half done when the connection breaks in the middle of a command', async () => {
    const proxy = await proxied();
    const store = await open(proxy.port, 20_000);
    await recovered(store);
    const keys = Array.from({ length: 50 }, (_, index) => `event ${index}`);
    const cut = proxy.cutAfter('requests', 1_000);
    const answers = await Promise.allSettled(keys.map((key) => store.begin(key, OPTIONS)));
    await cut;
    await recovered(store);
    // One client sends them again by itself, the other leaves that to us: then none is held.
    const isResent = answers.every(({ status }) => status === 'fulfilled');
    expect(isResent).toBe(kind === 'ioredis');
    const after = await Promise.all(keys.map((key) => store.begin(key, OPTIONS)));
    expect(new Set(after.map(({ status }) => status))).toEqual(
      new Set([isResent ? 'in_progress' : 'acquired']),
    );
  });

  it('holds no key that nobody was told of when the connection breaks before the answer', async () => {
    const proxy = await proxied();
    const store = await open(proxy.port, 20_000);
    await recovered(store);
    const cut = proxy.cutAfter('replies', 0);
    const [answer] = await Promise.allSettled([store.begin('a', OPTIONS)]);
    await cut;
    await recovered(store);
    expect(answer.status).toBe(kind === 'ioredis' ? 'fulfilled' : 'rejected');
    if (answer.status === 'rejected') {
      expect(await acquire(store, 'a')).toMatchObject({ attempt: 2 });
    } else {
      // Sent again by the client: one claim it stays.
      expect(answer.value).toMatchObject({ status: 'acquired', attempt: 1 });
      const { token } = answer.value as Extract<typeof answer.value, { status: 'acquired' }>;
      expect(await store.complete('a', token, OPTIONS.ttlMs)).toBe(true);
    }
  });

  it('has recorded a completion whose answer was lost', async () => {
    const proxy = await proxied();
    const store = await open(proxy.port, 20_000);
    const { token } = await acquire(store, 'a');
    const cut = proxy.cutAfter('replies', 0);
    await Promise.allSettled([store.complete('a', token, OPTIONS.ttlMs)]);
    await cut;
    await recovered(store);
    expect(await store.begin('a', OPTIONS)).toEqual({ status: 'done', fingerprint: 7 });
  });
});

it('rejects with the reason while the server is out of memory, and changes nothing', async () => {
  const redis = new Redis(server.port);
  onTestFinished(() => redis.disconnect());
  const store = new RedisIdempotencyStore({ client: redis, keyPrefix: freshPrefix() });
  const { token } = await acquire(store, 'held');
  await redis.config('SET', 'maxmemory', '1');
  const answers = await Promise.allSettled([
    store.begin('a', OPTIONS),
    store.handlerDone('held', token, 'A.one'),
    store.complete('held', token, OPTIONS.ttlMs),
  ]);
  expect(answers.map((answer) => answer.status === 'rejected' && String(answer.reason))).toEqual(
    answers.map(() => expect.stringMatching(/OOM/) as string),
  );
  await redis.config('SET', 'maxmemory', '0');
  expect(await acquire(store, 'a')).toMatchObject({ attempt: 1 });
  expect(await store.begin('held', OPTIONS)).toMatchObject({ status: 'in_progress' });
  expect(await store.complete('held', token, OPTIONS.ttlMs)).toBe(true);
});

it('releases a begin that overtakes its own release', async () => {
  const redis = new Redis(server.port);
  onTestFinished(() => redis.disconnect());
  const gate = new Gate();
  let withdrawn = new Gate();
  const client = {
    eval: (...args: Parameters<Redis['eval']>) => redis.eval(...args),
    evalsha: async (sha1: string, keys: number, ...args: string[]) => {
      if (args.includes('begin')) {
        await gate.pass(); // As on a slow connection of a pool.
      }
      const answers = await redis.evalsha(sha1, keys, ...args);
      if (args.includes('withdraw')) {
        void withdrawn.pass();
      }
      return answers;
    },
  };
  const keyPrefix = freshPrefix();
  const store = new RedisIdempotencyStore({ client, keyPrefix, timeoutMs: 50 });
  await expect(store.begin('a', OPTIONS)).rejects.toMatchObject(UNAVAILABLE);
  await withdrawn.reached;
  expect(await redis.keys(`${keyPrefix}*`)).toEqual([]);
  withdrawn = new Gate();
  gate.release();
  await withdrawn.reached;
  expect(await redis.get(`${keyPrefix}{a}`)).toMatch(/^f /);
});
