import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type IdempotencyStore, MemoryIdempotencyStore } from '../../../lib/index.js';
import {
  describeIdempotencyStore,
  idempotencyStoreContract,
  type StoreUnderTest,
} from '../../../lib/testing/index.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const advance = (ms: number): void => {
  vi.advanceTimersByTime(ms);
};

/** A store that is right but for what `broken` does. */
function storeWith(broken: (store: MemoryIdempotencyStore) => Partial<IdempotencyStore>): StoreUnderTest {
  const store = new MemoryIdempotencyStore();
  const right: IdempotencyStore = {
    begin: (...call) => store.begin(...call),
    renew: (...call) => store.renew(...call),
    handlerDone: (...call) => store.handlerDone(...call),
    complete: (...call) => store.complete(...call),
    release: (...call) => store.release(...call),
  };
  return { store: { ...right, ...broken(store) }, advance };
}

async function brokenRules(create: () => StoreUnderTest): Promise<string[]> {
  const broken: string[] = [];
  for (const rule of idempotencyStoreContract(create, { sequences: 20 })) {
    await rule.run().catch(() => broken.push(rule.name));
  }
  return broken;
}

const MODEL = 'does what a simple model does, for any calls by several clients (1 to 20 of 20)';

describe('the contract of idempotency stores', () => {
  it('is a list of rules that any runner can run', () => {
    const rules = idempotencyStoreContract(() => storeWith(() => ({})));
    expect(rules).toHaveLength(24);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(24);
  });

  it('accepts a store that does as it should', async () => {
    expect(await brokenRules(() => storeWith(() => ({})))).toEqual([]);
  });

  it.each<[string, (store: MemoryIdempotencyStore) => Partial<IdempotencyStore>, string]>([
    [
      'lets everybody in',
      () => ({ begin: () => ({ status: 'acquired', token: 1, attempt: 1, handlersDone: [] }) }),
      'lets exactly one of many that ask at once have the key',
    ],
    [
      'takes any token',
      () => ({ release: () => true }),
      'refuses every token once the key is done, released or unknown',
    ],
    [
      'forgets finished handlers',
      () => ({ handlerDone: () => true }),
      'hands a released key to the next, with the handlers that had finished',
    ],
    [
      'mixes up keys that differ in case',
      (store) => ({ begin: (key, options) => store.begin(key.toLowerCase(), options) }),
      'takes any text as a key or a handler, and never mixes keys up',
    ],
    [
      'forgets that work was only accepted',
      (store) => ({ complete: (key, token, ttlMs) => store.complete(key, token, ttlMs) }),
      'tells an accepted key from one that is done',
    ],
    [
      'knows no positions',
      (store) => ({ begin: (key, options) => store.begin(key, { ...options, position: undefined }) }),
      'begins a key that is done for a position as high or higher, and for no lower one',
    ],
    [
      'cuts the fingerprint',
      (store) => ({
        begin: (key, options) =>
          store.begin(key, { ...options, fingerprint: options.fingerprint & 0x7fff_ffff }),
      }),
      'answers a completed key with the fingerprint of what was completed',
    ],
  ])('finds a store that %s', async (_, broken, rule) => {
    expect(await brokenRules(() => storeWith(broken))).toContain(rule);
  });

  it('finds a store whose leases and memory never end', async () => {
    const broken = await brokenRules(() => ({ ...storeWith(() => ({})), advance: () => undefined }));
    expect(broken).toEqual([
      'tells a second one when to come again while the first holds the key',
      'hands over a key whose lease has run out, and refuses the late holder',
      'forgets a released key after its time to live',
      'forgets a completed key after its time to live, and starts it anew',
      MODEL,
    ]);
  });

  it('shows the shortest sequence that goes wrong, and its seed makes it again', async () => {
    const create = () => storeWith(() => ({ handlerDone: () => true }));
    const fail = async (seed?: string) => {
      const model = idempotencyStoreContract(create, { seed }).find(({ name }) =>
        name.startsWith('does what a simple model does'),
      );
      const error: unknown = await model?.run().catch((reason: unknown) => reason);
      return (error as Error).message;
    };
    const message = await fail('a');
    expect(message).toMatch(
      /^The store answers the last of these calls otherwise than the contract \(seed "a"\):\n {2}1\. client \d: handlerDone [ab] A\.(one|two)\n/,
    );
    expect(message.match(/^ {2}\d+\. /gm)).toHaveLength(1);
    expect(await fail('a')).toBe(message);
    expect(await fail()).toMatch(/\(seed "[\da-f-]{36}"\)/);
  });

  it('counts an error of the store as a broken rule, with the calls that led to it', async () => {
    const failing: Partial<IdempotencyStore> = {
      release: () => {
        throw new Error('syntax error at or near "RELEASE"');
      },
    };
    const model = idempotencyStoreContract(() => storeWith(() => failing)).find(({ name }) =>
      name.startsWith('does what a simple model does'),
    );
    await expect(model?.run()).rejects.toThrow(/1\. client \d: release [ab]\nsyntax error at or near/);
  });

  it('closes every store that it has made, whether its rule holds or not', async () => {
    let open = 0;
    const create = (broken: Partial<IdempotencyStore>) => (): StoreUnderTest => {
      open++;
      return { ...storeWith(() => broken), close: () => (open--, undefined) };
    };
    for (const broken of [{}, { complete: () => false }]) {
      await brokenRules(create(broken));
      expect(open).toBe(0);
    }
  });

  it('says what to do where the runner has no globals', () => {
    expect(() => describeIdempotencyStore('Mine', () => storeWith(() => ({})))).toThrow(
      /pass those of your test runner/,
    );
  });

  it('registers its rules with the runner that it is given', async () => {
    const registered: [string, () => Promise<void>][] = [];
    describeIdempotencyStore('Mine', () => storeWith(() => ({})), {
      describe: (name, body) => {
        expect(name).toBe('Mine as an idempotency store');
        body();
      },
      it: (name, body) => registered.push([name, body]),
    });
    expect(registered).toHaveLength(24);
    await registered[0]?.[1]();
  });
});
