/** Throws at whatever is done with it: reading, calling, `instanceof`, listing, converting. And throws itself. */
function hostileProxy(target: object): object {
  const traps = Object.getOwnPropertyNames(Reflect);
  const proxy: object = new Proxy(
    target,
    Object.fromEntries(
      traps.map((trap) => [
        trap,
        () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- hostile code throws what it likes
          throw proxy;
        },
      ]),
    ),
  );
  return proxy;
}

function revokedProxy(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function throwing(...names: string[]): object {
  const value = {};
  for (const name of names) {
    Object.defineProperty(value, name, {
      enumerable: true,
      get() {
        throw new RangeError(name);
      },
    });
  }
  return value;
}

function outOfBounds(): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(8));
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

const hugeText = 'a'.repeat(2 ** 29 - 24);

/**
 * Makers of values that code which trusts its types breaks on. Makers, since test runners look into the values that
 * they are given, and break as well.
 */
export const trickyValues: readonly (() => unknown)[] = [
  () => hostileProxy({}),
  () => hostileProxy([]),
  () => hostileProxy(new Date()),
  () => hostileProxy(new Uint8Array(4)),
  () => hostileProxy(() => undefined),
  () => revokedProxy({}),
  () => revokedProxy([]),
  () => new Proxy(new Uint8Array(4), {}),
  () => new Proxy(new Date(), {}),
  () => new Proxy([], { get: (_target, name) => (name === 'length' ? Infinity : undefined) }),
  () => new Proxy({}, { ownKeys: () => ['webhook-id', 'webhook-id'] }),
  () => throwing('rawBody', 'headers', 'secret', 'now', 'schemes', 'toleranceSeconds'),
  () => throwing('webhook-id', 'webhook-signature', 'get', 'entries', 'length', '0'),
  () => Object.create(Uint8Array.prototype) as unknown,
  () => Object.create(Date.prototype) as unknown,
  () => Object.create(null) as unknown,
  () => Object.assign(Object.create(null) as object, { toString: 1, valueOf: null }),
  () => ({ get: () => null, entries: () => 1 }),
  () => ({ get: () => null, entries: () => [null] }),
  () => ({
    get: () => null,
    entries: () => [
      [Symbol('x'), 'x'],
      [1n, 'x'],
      [{ length: 10 }, 'x'],
    ],
  }),
  () => ({ get: () => null, entries: () => hostileProxy({}) }),
  () => ({ 'webhook-id': Symbol('x'), 'webhook-timestamp': 1n, 'webhook-signature': () => 'v1,' }),
  () => ({ 'webhook-id': [[]], 'webhook-timestamp': [undefined], 'webhook-signature': hostileProxy([]) }),
  () => ({ 'webhook-id': hugeText, 'webhook-timestamp': '1', 'webhook-signature': `v1,${'A'.repeat(43)}=` }),
  () => ({ 'scalekit-signature': { toString: () => 't=1' } }),
  () => ({ 'x-scalekit-signature': Object(''.padEnd(64, '0')) as unknown }),
  () => Object.defineProperty(new Uint8Array(4), Symbol.toStringTag, { get: () => hostileProxy({}) }),
  () => outOfBounds(),
  () => new Uint8Array(new SharedArrayBuffer(4)),
  () => new Array<unknown>(2 ** 32 - 1),
  () => Object.assign([], { 4294967294: 'x' }),
  () => new Date(NaN),
  () => new Date(8.64e15),
  () => Symbol.iterator,
  () => Symbol('x'),
  () => 10n ** 30n,
  () => -0,
  () => NaN,
  () => Infinity,
  () => '\ud800',
  () => '\0',
  () => () => undefined,
  () => class {},
  () => new WeakMap(),
  () => Promise.resolve(),
  () => /x/g,
  () => globalThis,
];
