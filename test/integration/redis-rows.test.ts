import fc from 'fast-check';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { rowKey } from '../../lib/adapters/redis/row-key.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { freshPrefix, rowKeys } from '../support/redis-rows.js';

const DAY_MS = 86_400_000;
const OPTIONS = { leaseMs: 60_000, ttlMs: 7 * DAY_MS, fingerprint: 3_421_780_262 };

/** One node, for it knows the slots of keys. */
let cluster: RedisCluster;
let port: number;
let redis: Redis;
let keyPrefix: string;
let store: RedisIdempotencyStore;

beforeAll(async () => {
  cluster = await RedisCluster.start(1);
  port = cluster.nodes[0]?.port ?? 0;
  redis = new Redis(port);
});
beforeEach(() => {
  keyPrefix = freshPrefix();
  store = new RedisIdempotencyStore({ client: redis, keyPrefix });
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

async function acquire(key: string, options: Parameters<RedisIdempotencyStore['begin']>[1] = OPTIONS) {
  const answer = await store.begin(key, options);
  if (answer.status !== 'acquired') {
    throw new Error(`Expected to acquire ${key}, but it is ${answer.status}.`);
  }
  return answer;
}

describe('the keys', () => {
  const slotOf = (key: string) => redis.call('CLUSTER', 'KEYSLOT', rowKey('p:', key));

  it('have an event and each of its handlers in one slot, whatever the text', async () => {
    const text = fc.string({ unit: fc.constantFrom('{', '}', '%', 'a', ' ', '\ud800', '🔑') });
    await fc.assert(
      fc.asyncProperty(text, text, async (event, handler) => {
        expect(await slotOf(`${event}\n${handler}`)).toBe(await slotOf(event));
      }),
    );
  });

  it('spread the events over the slots', async () => {
    const slots = await Promise.all(Array.from({ length: 1_000 }, (_, index) => slotOf(`{evt}_${index}`)));
    expect(new Set(slots).size).toBeGreaterThan(900);
  });

  it('are as many as the texts, to the last half of a surrogate pair', () => {
    const unit = fc.constantFrom('{', '}', '%', '\n', 'a', '0', '\ud800', '\udc00', 'é', '🔑');
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (one, other) => {
        const bytesOf = (text: string) => Buffer.from(rowKey('p:', text)).toString('hex');
        expect(bytesOf(one) === bytesOf(other)).toBe(one === other);
      }),
      { numRuns: 2_000 },
    );
  });

  it('can be read by a person', () => {
    expect(rowKey('scalekit:webhooks:', 'default:evt_123')).toBe('scalekit:webhooks:{default:evt_123}');
  });
});

describe('the rows', () => {
  const timeToLive = (key: string) => redis.pttl(`${keyPrefix}{${key}}`);

  it('expire by themselves: finished ones after their time to live, a running one that much after its lease', async () => {
    const { token } = await acquire('a');
    const isWithin = (ms: number, full: number) => ms > full - 10_000 && ms <= full;
    expect(isWithin(await timeToLive('a'), OPTIONS.leaseMs + OPTIONS.ttlMs)).toBe(true);
    await store.renew('a', token, 3_600_000);
    expect(isWithin(await timeToLive('a'), 3_600_000 + OPTIONS.ttlMs)).toBe(true);
    await store.handlerDone('a', token, 'A.one');
    expect(isWithin(await timeToLive('a'), 3_600_000 + OPTIONS.ttlMs)).toBe(true);
    await store.release('a', token);
    expect(isWithin(await timeToLive('a'), OPTIONS.ttlMs)).toBe(true);
    const next = await acquire('a');
    await store.complete('a', next.token, 50_000);
    expect(isWithin(await timeToLive('a'), 50_000)).toBe(true);
  });

  it('keep a running key for a day at least, however short its time to live', async () => {
    await acquire('a', { ...OPTIONS, ttlMs: 1_000 });
    expect(await timeToLive('a')).toBeGreaterThan(DAY_MS);
  });

  it('take less than 200 bytes for an event that is done', async () => {
    const client = new RedisIdempotencyStore({ client: redis });
    const key = 'default:evt_84093480930482304';
    const claim = await client.begin(key, OPTIONS);
    await client.complete(key, claim.status === 'acquired' ? claim.token : 0, OPTIONS.ttlMs);
    expect(await redis.memory('USAGE', rowKey('scalekit:webhooks:', key))).toBeLessThan(200);
  });

  it('keep handlers whose names are any text', async () => {
    const names = ['A.one', 'A.one ', '', 'a\nb', '"', '\\n', 'ключ', '\ud800', '%d', '^r %d+$'];
    const { token } = await acquire('a');
    for (const name of names) {
      await store.handlerDone('a', token, name);
      await store.handlerDone('a', token, name);
    }
    await store.release('a', token);
    expect((await acquire('a')).handlersDone).toEqual(names);
  });
});

describe('the tokens', () => {
  it('are larger after a row has expired', async () => {
    const first = await acquire('a');
    await redis.del(`${keyPrefix}{a}`);
    expect((await acquire('a')).token).toBeGreaterThan(first.token);
  });

  it('grow even where the clock of the server was set back', async () => {
    const future = 9_007_199_254_740_000;
    await redis.set(`${keyPrefix}{a}`, `r 7 - ${future} 3 0 1000 - someone`);
    expect(await acquire('a')).toMatchObject({ token: future + 1, attempt: 4 });
  });
});

describe('the positions', () => {
  it('are compared exactly, from the lowest to the highest', async () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const near = int64.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.oneof(
          int64,
          fc
            .constantFrom(one - 1n, one, one + 1n, -one)
            .filter((other) => BigInt.asIntN(64, other) === other),
        ),
      ),
    );
    let events = 0;
    await fc.assert(
      fc.asyncProperty(near, async ([last, position]) => {
        const key = `event ${events++}`;
        const { token } = await acquire(key, { ...OPTIONS, position: last });
        await store.complete(key, token, OPTIONS.ttlMs);
        const { status } = await store.begin(key, { ...OPTIONS, position });
        expect(status).toBe(position < last ? 'done' : 'acquired');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the options', () => {
  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 31])('refuse %s as timeoutMs', (timeoutMs) => {
    expect(() => new RedisIdempotencyStore({ client: redis, timeoutMs })).toThrow(
      /timeoutMs must be a whole number from 1/,
    );
  });

  it('refuse braces in keyPrefix', () => {
    expect(() => new RedisIdempotencyStore({ client: redis, keyPrefix: '{a}' })).toThrow(/no \{ or \}/);
  });

  it.each([undefined, null, {}, 'redis://localhost'])('refuse %s as a client', (client) => {
    expect(() => new RedisIdempotencyStore({ client: client as Redis })).toThrow(
      /client must be one of ioredis .* or of the redis package/,
    );
  });

  it('leave the settings of the client alone: a prefix, replies of other types', async () => {
    const prefixed = new Redis(port, { keyPrefix: 'app:', stringNumbers: true });
    const mapped = createClient({
      url: `redis://127.0.0.1:${port}`,
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    });
    await mapped.connect();
    onTestFinished(() => {
      prefixed.disconnect();
      mapped.destroy();
    });
    for (const client of [prefixed, mapped]) {
      const other = new RedisIdempotencyStore({ client, keyPrefix });
      const claim = await other.begin('a', OPTIONS);
      expect(claim.status).toBe('acquired');
      const { token } = claim as Extract<typeof claim, { status: 'acquired' }>;
      expect(await other.handlerDone('a', token, 'A.one')).toBe(true);
      expect(await other.complete('a', token, OPTIONS.ttlMs)).toBe(true);
      expect(await other.begin('a', OPTIONS)).toEqual({ status: 'done', fingerprint: 3_421_780_262 });
    }
    expect(await rowKeys([redis], `app:${keyPrefix}`)).toHaveLength(1);
    expect(await rowKeys([redis], keyPrefix)).toHaveLength(1);
  });
});
