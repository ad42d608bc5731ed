import { type IdempotencyStore, MemoryIdempotencyStore } from '../../lib/index.js';

type Method = 'begin' | 'renew' | 'handlerDone' | 'complete' | 'release';
type Calls = { [M in Method]: Parameters<IdempotencyStore[M]>[] };

/** The memory store, with every call written down, and with methods that a test can make fail. */
export class RecordingStore implements IdempotencyStore {
  readonly calls: Calls = { begin: [], renew: [], handlerDone: [], complete: [], release: [] };
  readonly failing = new Set<Method>();
  private readonly lastClaims = new Map<string, number>();
  private readonly store: MemoryIdempotencyStore;

  constructor(options?: ConstructorParameters<typeof MemoryIdempotencyStore>[0]) {
    this.store = new MemoryIdempotencyStore(options);
  }

  get callCount(): number {
    return Object.values(this.calls).reduce((sum, calls) => sum + calls.length, 0);
  }

  begin: IdempotencyStore['begin'] = (...args) =>
    this.call('begin', args, () => {
      const result = this.store.begin(...args);
      if (result.status === 'acquired') {
        this.lastClaims.set(args[0], result.token);
      }
      return result;
    });
  renew: IdempotencyStore['renew'] = (...args) => this.call('renew', args, () => this.store.renew(...args));
  handlerDone: IdempotencyStore['handlerDone'] = (...args) =>
    this.call('handlerDone', args, () => this.store.handlerDone(...args));
  complete: IdempotencyStore['complete'] = (...args) =>
    this.call('complete', args, () => this.store.complete(...args));
  release: IdempotencyStore['release'] = (...args) =>
    this.call('release', args, () => this.store.release(...args));

  /** What another process does that takes a running key over: from now on the holder's token is stale. */
  takeOver(key: string): void {
    const claim = this.lastClaims.get(key);
    if (claim === undefined) {
      throw new Error(`Nobody runs ${key}.`);
    }
    this.store.release(key, claim);
    this.store.begin(key, { leaseMs: 60_000, ttlMs: 60_000, fingerprint: 0 });
  }

  private call<M extends Method, R>(method: M, args: Calls[M][number], run: () => R): R {
    (this.calls[method] as Calls[M][number][]).push(args);
    if (this.failing.has(method)) {
      throw new Error(`connect ECONNREFUSED 127.0.0.1:6379`);
    }
    return run();
  }
}
